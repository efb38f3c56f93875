// Where the time of a training step on simd goes: milliseconds a step of every kernel, forward and backward, and of what
// lies between them (tape, memory, host).
import type { BenchOptions } from "../arguments.ts";
import { bundleWorker } from "../bundle.ts";
import { runContestants } from "../processes.ts";
import type { Column, Row, SuiteResult } from "../report.ts";
import { median, rounded } from "../statistics.ts";

export type OpsRequest = { readonly seconds: number };

export type OpsResult = {
  /** Milliseconds of a step. */
  readonly total: number;
  /** Kernels with their milliseconds and calls a step. */
  readonly kernels: readonly { readonly name: string; readonly milliseconds: number; readonly calls: number }[];
  readonly fallbacks: readonly string[];
};

const settings: OpsRequest = { seconds: 4 };

const columns: readonly Column[] = [
  { key: "contestant", title: "contestant" },
  { key: "name", title: "kernel" },
  { key: "medianMs", title: "ms a step", digits: 2 },
  { key: "share", title: "share", digits: 3 },
  { key: "calls", title: "calls" },
];

export async function opsSuite({ rounds }: BenchOptions): Promise<SuiteResult> {
  const worker = await bundleWorker(new URL("worker.ts", import.meta.url));
  const contestants = (["base", "relaxed"] as const).map((build) => ({
    name: `simd-${build}-1`,
    command: worker({ ...settings, build }),
  }));
  const results = await runContestants<OpsResult>(contestants, rounds, ({ total }) => `${total.toFixed(0)} ms a step`);
  return {
    settings,
    rows: [...results].flatMap(([name, all]) => opsRows(name, all)),
    columns,
    ratios: {},
    skipped: [],
    problems: [...results].flatMap(([name, [{ fallbacks }]]) =>
      fallbacks.map((kernel) => `${name}: expected a kernel for ${kernel}, it ran as reference`),
    ),
    versions: {},
  };
}

/** The step as a whole, then its kernels, longest first, then what no kernel accounts for. */
export function opsRows(contestant: string, rounds: readonly OpsResult[]): Row[] {
  const total = median(rounds.map((round) => round.total));
  const row = (name: string, milliseconds: number, calls: number | null): Row => ({
    contestant,
    name,
    medianMs: rounded(milliseconds),
    share: rounded(milliseconds / total, 3),
    calls,
  });
  const kernels = rounds[0].kernels.map(({ name, calls }, i) => ({
    name,
    calls,
    milliseconds: median(rounds.map((round) => round.kernels[i].milliseconds)),
  }));
  kernels.sort((a, b) => b.milliseconds - a.milliseconds);
  const rest = total - kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return [
    row("whole step", total, null),
    ...kernels.map(({ name, milliseconds, calls }) => row(name, milliseconds, calls)),
    row("between kernels", rest, null),
  ];
}
