// From what the processes of a contestant printed, one a round, to its row and its ratios to ours.
import type { Row } from "../report.ts";
import { median, pairedRatio, quartiles, rounded, spread } from "../statistics.ts";
import type { InferenceResult } from "./settings.ts";

export type Rounds = readonly InferenceResult[];

export type RowFacts = {
  readonly threads: number;
  /** Floating point operations of a call. */
  readonly operations: number;
  readonly difference: number;
};

/** Medians are those of the rounds' medians, the spread is theirs; quartiles are those of all calls. */
export function inferenceRow(contestant: string, rounds: Rounds, { threads, operations, difference }: RowFacts): Row {
  const medians = rounds.map(({ times }) => median(times));
  const [firstQuartile, thirdQuartile] = quartiles(rounds.flatMap(({ times }) => times));
  const engine = rounds.flatMap(({ engineBytes }) => engineBytes ?? []);
  const ceilings = rounds.flatMap(({ ceiling }) => ceiling ?? []);
  const best = Math.min(...rounds.flatMap(({ times }) => times));
  const ceiling = ceilings.length > 0 ? Math.max(...ceilings) : null;
  const first = median(rounds.map(({ firstMs }) => firstMs));
  return {
    contestant,
    threads,
    medianMs: rounded(median(medians)),
    firstQuartileMs: rounded(firstQuartile),
    thirdQuartileMs: rounded(thirdQuartile),
    bestMs: rounded(best),
    spread: spread(medians),
    medianCpuMs: rounded(median(rounds.map(({ cpuTimes }) => median(cpuTimes)))),
    loadMs: rounded(median(rounds.map(({ loadMs }) => loadMs))),
    firstMs: rounded(first),
    firstToSteady: rounded(first / median(medians), 3),
    gflops: rounded(operations / best / 1e6, 3),
    ceilingGflops: ceiling === null ? null : rounded(ceiling, 3),
    ofCeiling: ceiling === null ? null : rounded(operations / best / 1e6 / (ceiling * threads), 2),
    peakRssMiB: mebibytes(rounds.map(({ peakRssBytes }) => peakRssBytes)),
    engineMiB: engine.length > 0 ? mebibytes(engine) : null,
    roundMediansMs: medians.map((value) => rounded(value)),
    calls: rounds.reduce((sum, { times }) => sum + times.length, 0),
    difference,
  };
}

/**
 * For every contestant of ours, how many times its time a call of each other takes, round by round. `times` chooses what is
 * compared.
 */
export function ratiosToOurs(
  results: ReadonlyMap<string, Rounds>,
  times: (result: InferenceResult) => readonly number[],
): Record<string, Record<string, number>> {
  const medians = new Map([...results].map(([name, rounds]) => [name, rounds.map((round) => median(times(round)))]));
  const ratios: Record<string, Record<string, number>> = {};
  for (const [baseline, own] of medians) {
    if (!baseline.startsWith("simd-")) continue;
    const others = [...medians].filter(([name]) => name !== baseline);
    ratios[baseline] = Object.fromEntries(others.map(([name, values]) => [name, rounded(pairedRatio(values, own), 3)]));
  }
  return ratios;
}

function mebibytes(bytes: readonly number[]): number {
  return rounded(Math.max(...bytes) / 2 ** 20);
}
