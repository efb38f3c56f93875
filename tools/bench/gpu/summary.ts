// From what the processes of a contestant printed, one a round, to rows: products, the step, the tokenizer.
import type { Row } from "../report.ts";
import { median, rounded } from "../statistics.ts";
import type { HostResult } from "./host-worker.ts";
import type { GpuResult, GpuSettings } from "./settings.ts";

export function gpuRows(
  contestant: string,
  rounds: readonly GpuResult[],
  { products, batch, tokenizerBatch }: Pick<GpuSettings, "products" | "batch" | "tokenizerBatch">,
): Row[] {
  const row = (work: string, milliseconds: number, rate: number, unit: string): Row => ({
    work,
    contestant,
    medianMs: rounded(milliseconds, 4),
    rate: rounded(rate, 4),
    unit,
    hostMs: null,
    firstLoss: null,
    deviceMiB: null,
  });
  const measured = rounds.every(({ productTimes }) => productTimes.length > 0) ? products : [];
  const rows = measured.map(([m, k, n], i) => {
    const milliseconds = median(rounds.map(({ productTimes }) => productTimes[i]));
    return row(`product ${m} x ${k} x ${n}`, milliseconds, (2 * m * k * n) / milliseconds / 1e9, "TFLOP/s");
  });
  const step = median(rounds.map(({ times }) => median(times)));
  const host = rounds.flatMap(({ hostTimes }) => (hostTimes ? [median(hostTimes)] : []));
  const bytes = rounds.flatMap(({ engineBytes }) => engineBytes ?? []);
  rows.push({
    ...row("pre-training step", step, (1000 * batch) / step, "images/s"),
    hostMs: host.length > 0 ? rounded(median(host)) : null,
    firstLoss: rounded(rounds[0].losses[0], 6),
    deviceMiB: bytes.length > 0 ? rounded(Math.max(...bytes) / 2 ** 20) : null,
  });
  const tokenizing = rounds.flatMap(({ tokenizerTimes }) => (tokenizerTimes ? [median(tokenizerTimes)] : []));
  if (tokenizing.length === 0) return rows;
  const milliseconds = median(tokenizing);
  // One after the other on one device: the time of both.
  const both = step / batch + milliseconds / tokenizerBatch;
  return [
    ...rows,
    row("images to visual tokens", milliseconds, (1000 * tokenizerBatch) / milliseconds, "images/s"),
    row("step and tokenizer, added up", both * batch, 1000 / both, "images/s"),
  ];
}

/** What the host does of a step, whatever the device. */
export function hostRow(contestant: string, rounds: readonly HostResult[]): Row {
  return {
    work: "a step of 12 blocks on a null device",
    contestant,
    medianMs: rounded(median(rounds.map(({ times }) => median(times))), 4),
    rate: null,
    unit: null,
    hostMs: rounded(median(rounds.map(({ encodingTimes }) => median(encodingTimes)))),
    firstLoss: null,
    deviceMiB: rounded(Math.max(...rounds.map(({ engineBytes }) => engineBytes)) / 2 ** 20),
  };
}
