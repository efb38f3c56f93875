// Masks a second of 14 x 14 patches: in bulk from WebAssembly against one by one in TypeScript, the same masks.
import type { BenchOptions } from "../arguments.ts";
import { bundleWorker } from "../bundle.ts";
import { runContestants } from "../processes.ts";
import type { Column, Row, SuiteResult } from "../report.ts";
import { median, pairedRatio, rounded, spread } from "../statistics.ts";
import { drawings, implementations, maskingSettings, type DrawingName, type MaskingResult } from "./settings.ts";

const columns: readonly Column[] = [
  { key: "name", title: "masks" },
  { key: "contestant", title: "contestant" },
  { key: "masksPerSecond", title: "masks/s" },
  { key: "bestMasksPerSecond", title: "best masks/s" },
  { key: "spread", title: "spread", digits: 2 },
];

const names = Object.keys(drawings) as DrawingName[];
type Results = ReadonlyMap<string, readonly MaskingResult[]>;

export async function maskingSuite({ rounds }: BenchOptions): Promise<SuiteResult> {
  const worker = await bundleWorker(new URL("worker.ts", import.meta.url));
  const contestants = implementations.map((implementation) => ({
    name: implementation,
    command: worker({ ...maskingSettings, implementation }),
  }));
  const results = await runContestants<MaskingResult>(
    contestants,
    rounds,
    ({ official }) => `${perSecond(median(official.times))} official masks a second`,
  );
  return {
    settings: { ...maskingSettings, drawings },
    rows: names.flatMap((name) => implementations.map((one) => maskingRow(name, one, results))),
    columns,
    ratios: {
      "typescript's time": { "wasm-bulk": Object.fromEntries(names.map((name) => [name, ratio(name, results)])) },
    },
    skipped: [],
    problems: names.flatMap((name) => disagreement(name, results)),
    versions: {},
  };
}

function maskingRow(name: DrawingName, contestant: string, results: Results): Row {
  const rounds = timesOf(name, contestant, results);
  const medians = rounds.map(median);
  return {
    name,
    contestant,
    masksPerSecond: perSecond(median(medians)),
    bestMasksPerSecond: perSecond(Math.min(...rounds.flat())),
    spread: spread(medians),
  };
}

function ratio(name: DrawingName, results: Results): number {
  const [bulk, typescript] = implementations.map((one) => timesOf(name, one, results).map(median));
  return rounded(pairedRatio(typescript, bulk), 3);
}

function disagreement(name: DrawingName, results: Results): string[] {
  const [bulk, typescript] = implementations.map((one) => results.get(one)?.[0][name].masked);
  return bulk === typescript ? [] : [`${name}: expected equal masks, got ${bulk} and ${typescript} masked patches`];
}

function timesOf(name: DrawingName, contestant: string, results: Results): (readonly number[])[] {
  return (results.get(contestant) ?? []).map((result) => result[name].times);
}

function perSecond(milliseconds: number): number {
  return rounded((maskingSettings.masks * 1000) / milliseconds, 3);
}
