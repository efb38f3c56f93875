// Matrix products and convolutions of the simd backend in the three directions of training, against the ceiling of this
// machine in 128-bit WebAssembly.
import type { GemmBenchRow } from "../../../packages/tensor-core/bench/gemm.bench.ts";
import type { BenchOptions } from "../arguments.ts";
import { bundleWorker } from "../bundle.ts";
import { runContestants } from "../processes.ts";
import type { Column, Row, SuiteResult } from "../report.ts";
import { simdVariants, type SimdVariant } from "../simd-builds.ts";
import { median, rounded, spread } from "../statistics.ts";
import { compileCeiling } from "./ceiling.ts";

export type GemmRequest = SimdVariant & {
  readonly milliseconds: number;
  /** What `measureCeiling` runs, in base64. */
  readonly ceilingWasm: string;
};

export type GemmResult = {
  /** GF/s of one thread. */
  readonly ceiling: number;
  readonly rows: readonly GemmBenchRow[];
};

const settings = { milliseconds: 200 };

const columns: readonly Column[] = [
  { key: "name", title: "op" },
  { key: "shape", title: "shape" },
  { key: "contestant", title: "contestant" },
  { key: "medianMs", title: "median ms", digits: 2 },
  { key: "bestMs", title: "best ms", digits: 2 },
  { key: "spread", title: "spread", digits: 2 },
  { key: "gflops", title: "best GF/s", digits: 1 },
  { key: "ofCeiling", title: "of ceiling", digits: 2 },
];

export async function gemmSuite({ rounds }: BenchOptions): Promise<SuiteResult> {
  const variants = simdVariants();
  const worker = await bundleWorker(new URL("worker.ts", import.meta.url));
  const wasm = { base: await compileCeiling("base"), relaxed: await compileCeiling("relaxed") };
  const contestants = variants.map(({ name, build, threads }) => ({
    name,
    command: worker({ ...settings, build, threads, ceilingWasm: wasm[build] } satisfies GemmRequest),
  }));
  const results = await runContestants<GemmResult>(
    contestants,
    rounds,
    ({ ceiling, rows }) => `${rows.length} measurements, ceiling ${ceiling.toFixed(1)} GF/s a thread`,
  );
  const ceilings = ceilingsOf(variants, results);
  return {
    settings,
    rows: variants.flatMap((variant) => gemmRows(variant, results.get(variant.name) ?? [], ceilings[variant.build])),
    columns,
    ratios: {},
    skipped: [],
    problems: [],
    versions: {},
  };
}

function ceilingsOf(
  variants: readonly (SimdVariant & { readonly name: string })[],
  results: ReadonlyMap<string, readonly GemmResult[]>,
): Record<string, number> {
  const ceilings: Record<string, number> = {};
  for (const { name, build } of variants) {
    const measured = (results.get(name) ?? []).map(({ ceiling }) => ceiling);
    ceilings[build] = Math.max(ceilings[build] ?? 0, ...measured);
  }
  return ceilings;
}

/** The ceiling first, then what was measured below it. Best times count: a ceiling is a best time, too. */
export function gemmRows(
  { name: contestant, threads, build }: SimdVariant & { readonly name: string },
  rounds: readonly GemmResult[],
  ceiling: number,
): Row[] {
  const top = { name: "ceiling", shape: "multiply-adds in registers", contestant, build, threads };
  const measured = rounds[0].rows.map((first, i): Row => {
    const times = rounds.map(({ rows }) => rows[i]);
    const gflops = Math.max(...times.map((row) => row.gflops));
    return {
      name: first.name,
      shape: first.shape,
      contestant,
      build,
      threads: first.threads,
      medianMs: rounded(median(times.map(({ medianMs }) => medianMs))),
      bestMs: rounded(Math.min(...times.map(({ bestMs }) => bestMs))),
      spread: spread(times.map(({ medianMs }) => medianMs)),
      gflops: rounded(gflops, 3),
      ofCeiling: rounded(gflops / (ceiling * first.threads), 2),
    };
  });
  const gflops = rounded(ceiling * threads, 3);
  return [{ ...top, medianMs: null, bestMs: null, spread: null, gflops, ofCeiling: 1 }, ...measured];
}
