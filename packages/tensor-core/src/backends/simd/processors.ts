// How many threads are offered where nobody asks for a number: the processors of the machine, a container's share of them, and
// no more than a backend takes.
import { nodeModule, nodeProcess } from "../../host.ts";
import { processorQuota } from "../../host-limits.ts";

/** The most threads of a backend. Each has a place in the control block and its own scratch; nothing else counts them. */
export const MOST_THREADS = 256;

export type Offer = {
  readonly count: number;
  /** Where the number comes from, and why there may be just one. */
  readonly reason: string;
};

const noSharedMemory =
  "no shared memory: serve the page with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp to get threads";

/** Whether memory can be shared with threads here. */
export function canShareMemory(): boolean {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer !== "undefined" && crossOriginIsolated !== false;
}

/**
 * Threads this machine offers.
 *
 * @throws in a Node that is too old to be asked
 */
export function availableThreads(): Offer {
  if (!canShareMemory()) return { count: 1, reason: noSharedMemory };
  return offer(processorCount(), processorQuota());
}

/** @param quota processors that a control group grants; a part of one is rounded up */
export function offer(processors: number, quota: number | undefined): Offer {
  const share = Math.min(processors, Math.max(1, Math.ceil(quota ?? Infinity)));
  const count = Math.min(share, MOST_THREADS);
  if (count === processors) return { count, reason: `${count} processors` };
  const why = count < share ? `no more than ${MOST_THREADS} are used` : `the quota of its control group is ${quota}`;
  return { count, reason: `${count} processors (of ${processors}; ${why})` };
}

function processorCount(): number {
  if (nodeProcess()) return nodeModule("node:os").availableParallelism();
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return navigator?.hardwareConcurrency ?? 1;
}
