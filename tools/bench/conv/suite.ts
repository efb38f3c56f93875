// 3 x 3 convolutions two ways: as one product over windows, as in training, and Winograd's, with the filter transformed
// before. Both in turns in one process, because only their ratio is wanted.
import type { BenchOptions } from "../arguments.ts";
import { bundleWorker } from "../bundle.ts";
import { runContestants } from "../processes.ts";
import type { Column, Row, SuiteResult } from "../report.ts";
import { simdVariants, type SimdVariant } from "../simd-builds.ts";
import { median, rounded, spread } from "../statistics.ts";
import { layers, nameOf, operationsOf } from "./settings.ts";

export type ConvRequest = SimdVariant & {
  /** Least time spent on a layer. */
  readonly seconds: number;
};

/** Medians over the turns. */
export type ConvTiming = {
  readonly directMs: number;
  readonly winogradMs: number;
  /** Of a turn's direct time to its Winograd time. */
  readonly ratio: number;
  /** The transform of the filter, once. */
  readonly filterMs: number;
  /** Largest difference between the two, over the deviation of the results. */
  readonly difference: number;
};

// A hundred times what is seen: rather a wrong result than rounding.
const largestDifference = 1e-3;

const columns: readonly Column[] = [
  { key: "layer", title: "layer" },
  { key: "contestant", title: "contestant" },
  { key: "directMs", title: "direct ms", digits: 2 },
  { key: "winogradMs", title: "Winograd ms", digits: 2 },
  { key: "spread", title: "spread", digits: 2 },
  { key: "directGflops", title: "direct GF/s", digits: 1 },
  { key: "winogradGflops", title: "Winograd GF/s", digits: 1 },
  { key: "ratio", title: "times as fast", digits: 2 },
  { key: "filterMs", title: "filter ms", digits: 1 },
];

export async function convSuite({ rounds, threads, seconds = 1 }: BenchOptions): Promise<SuiteResult> {
  const worker = await bundleWorker(new URL("worker.ts", import.meta.url));
  const contestants = simdVariants(threads).map(({ name, ...variant }) => ({
    name,
    command: worker({ ...variant, seconds } satisfies ConvRequest),
  }));
  const results = await runContestants<readonly ConvTiming[]>(
    contestants,
    rounds,
    (timings) => `Winograd ${timings.map(({ ratio }) => ratio.toFixed(1)).join(", ")} times as fast`,
  );
  return {
    settings: { layers, seconds },
    rows: layers.flatMap((_, i) => [...results].map(([name, found]) => layerRow(i, name, found))),
    columns,
    ratios: {},
    skipped: [],
    problems: [...results].flatMap(([name, found]) => problemsOf(name, found)),
    versions: {},
  };
}

function layerRow(layer: number, contestant: string, rounds: readonly (readonly ConvTiming[])[]): Row {
  const of = (key: keyof ConvTiming): number[] => rounds.map((timings) => timings[layer][key]);
  const [directMs, winogradMs] = [median(of("directMs")), median(of("winogradMs"))];
  const operations = operationsOf(layers[layer]);
  return {
    layer: nameOf(layers[layer]),
    contestant,
    directMs: rounded(directMs),
    winogradMs: rounded(winogradMs),
    spread: spread(of("winogradMs")),
    directGflops: rounded(operations / directMs / 1e6, 3),
    winogradGflops: rounded(operations / winogradMs / 1e6, 3),
    ratio: rounded(median(of("ratio")), 3),
    filterMs: rounded(median(of("filterMs")), 3),
    difference: Math.max(...of("difference")),
  };
}

function problemsOf(name: string, rounds: readonly (readonly ConvTiming[])[]): string[] {
  return layers.flatMap((layer, i) => {
    const worst = Math.max(...rounds.map((timings) => timings[i].difference));
    return worst < largestDifference ? [] : [`${name}: the results of ${nameOf(layer)} differ by ${worst}`];
  });
}
