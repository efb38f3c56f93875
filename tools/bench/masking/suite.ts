// Masks a second of 14 x 14 patches: in bulk from WebAssembly against one by one in TypeScript, the same masks, and the
// official generator in Python, which draws others of the same kind.
import type { BenchOptions } from "../arguments.ts";
import { bundleWorker } from "../bundle.ts";
import { runContestants } from "../processes.ts";
import type { Column, Row, SuiteResult } from "../report.ts";
import { median, pairedRatio, rounded, spread } from "../statistics.ts";
import {
  drawings,
  implementations,
  maskingSettings,
  officialMean,
  type DrawingName,
  type MaskingResult,
  type UnilmResult,
} from "./settings.ts";
import { findUnilm, unilmMasks, unilmName } from "./unilm.ts";

const columns: readonly Column[] = [
  { key: "name", title: "masks" },
  { key: "contestant", title: "contestant" },
  { key: "masksPerSecond", title: "masks/s" },
  { key: "bestMasksPerSecond", title: "best masks/s" },
  { key: "spread", title: "spread", digits: 2 },
];

const names = Object.keys(drawings) as DrawingName[];
type Results = ReadonlyMap<string, readonly (MaskingResult | UnilmResult)[]>;

export async function maskingSuite(options: BenchOptions): Promise<SuiteResult> {
  const worker = await bundleWorker(new URL("worker.ts", import.meta.url));
  const { contestant: unilm, skipped } = await findUnilm(options);
  const ours = implementations.map((implementation) => ({
    name: implementation,
    command: worker({ ...maskingSettings, implementation }),
  }));
  const results: Results = await runContestants<MaskingResult | UnilmResult>(
    [...ours, ...(unilm ? [unilm] : [])],
    options.rounds,
    ({ official }) => `${rounded(median(official.times), 3)} ms a go of official masks`,
  );
  return {
    settings: { ...maskingSettings, drawings, unilmMasks },
    rows: names.flatMap((name) => [...results.keys()].flatMap((contestant) => maskingRow(name, contestant, results))),
    columns,
    ratios: {
      "time a mask": {
        "wasm-bulk": Object.fromEntries(names.map((name) => [name, ratio(name, "typescript", results)])),
      },
      ...(unilm && {
        "official Python's time a mask": { "wasm-bulk": { official: ratio("official", unilmName, results) } },
      }),
    },
    skipped,
    problems: [...names.flatMap((name) => disagreement(name, results)), ...otherMasks(results)],
    versions: unilmVersions(results),
  };
}

function maskingRow(name: DrawingName, contestant: string, results: Results): Row[] {
  const rounds = perMask(name, contestant, results);
  if (rounds.length === 0) return [];
  const medians = rounds.map(median);
  return [
    {
      name,
      contestant,
      masksPerSecond: perSecond(median(medians)),
      bestMasksPerSecond: perSecond(Math.min(...rounds.flat())),
      spread: spread(medians),
    },
  ];
}

function ratio(name: DrawingName, contestant: string, results: Results): number {
  const [bulk, other] = ["wasm-bulk", contestant].map((one) => perMask(name, one, results).map(median));
  return rounded(pairedRatio(other, bulk), 3);
}

function disagreement(name: DrawingName, results: Results): string[] {
  const [bulk, typescript] = implementations.map((one) => (results.get(one)?.[0] as MaskingResult)[name].masked);
  return bulk === typescript ? [] : [`${name}: expected equal masks, got ${bulk} and ${typescript} masked patches`];
}

// Their masks come from another generator of random numbers: only the mean can be compared.
function otherMasks(results: Results): string[] {
  return [...results].flatMap(([contestant, [{ official }]]) => {
    const mean = official.masked / (contestant === unilmName ? unilmMasks : maskingSettings.masks);
    const { patches, tolerance } = officialMean;
    if (Math.abs(mean - patches) <= tolerance) return [];
    return [`${contestant}: expected official masks of ${patches} patches in the mean, got ${mean}`];
  });
}

function unilmVersions(results: Results): Readonly<Record<string, string>> {
  return (results.get(unilmName)?.[0] as UnilmResult | undefined)?.versions ?? {};
}

// Milliseconds a mask.
function perMask(name: DrawingName, contestant: string, results: Results): (readonly number[])[] {
  const masks = contestant === unilmName ? unilmMasks : maskingSettings.masks;
  const rounds = (results.get(contestant) ?? []) as readonly Partial<MaskingResult>[];
  return rounds.flatMap((result) => (result[name] ? [result[name].times.map((time) => time / masks)] : []));
}

function perSecond(milliseconds: number): number {
  return rounded(1000 / milliseconds, 3);
}
