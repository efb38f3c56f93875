// From what the processes of a contestant printed, one a round, to its row, and to reasons not to believe it.
import type { Row } from "../report.ts";
import { median, pairedRatio, rounded, spread } from "../statistics.ts";
import type { TrainResult } from "./settings.ts";

/** How far a first loss may be from ln V: fresh logits have a deviation of a few tenths, which adds about 0.04. */
const LOSS_TOLERANCE = 0.15;

/** Medians are those of the rounds' medians; the spread is theirs too. */
export function trainRow(contestant: string, rounds: readonly TrainResult[]): Row {
  const medians = rounds.map(({ times }) => median(times));
  const mebibytes = (bytes: readonly number[]): number => rounded(Math.max(...bytes) / 2 ** 20);
  const engine = rounds.flatMap(({ engineBytes }) => engineBytes ?? []);
  return {
    contestant,
    medianMs: rounded(median(medians)),
    bestMs: rounded(Math.min(...rounds.flatMap(({ times }) => times))),
    spread: spread(medians),
    medianCpuMs: rounded(median(rounds.map(({ cpuTimes }) => median(cpuTimes)))),
    roundMediansMs: medians.map((value) => rounded(value)),
    steps: rounds.reduce((sum, { times }) => sum + times.length, 0),
    firstLoss: rounded(rounds[0].losses[0], 6),
    lastLoss: rounded(rounds[0].losses.at(-1) ?? NaN, 6),
    peakRssMiB: mebibytes(rounds.map(({ peakRssBytes }) => peakRssBytes)),
    engineMiB: engine.length > 0 ? mebibytes(engine) : null,
    fallbacks: [...new Set(rounds.flatMap(({ fallbacks }) => fallbacks ?? []))],
  };
}

/** For every baseline that ran, how many times its time a step of each other contestant takes, round by round. */
export function ratiosTo(
  baselines: readonly string[],
  results: ReadonlyMap<string, readonly TrainResult[]>,
  times: (result: TrainResult) => readonly number[],
): Record<string, Record<string, number>> {
  const medians = new Map([...results].map(([name, rounds]) => [name, rounds.map((round) => median(times(round)))]));
  const ratios: Record<string, Record<string, number>> = {};
  for (const baseline of baselines) {
    const own = medians.get(baseline);
    if (!own) continue;
    const others = [...medians].filter(([name]) => name !== baseline);
    ratios[baseline] = Object.fromEntries(others.map(([name, values]) => [name, rounded(pairedRatio(values, own), 3)]));
  }
  return ratios;
}

/** A contestant that does not start at ln V, does not learn its batch, or runs references does something else. */
export function trainProblems(contestant: string, rounds: readonly TrainResult[], vocabSize: number): string[] {
  const expected = Math.log(vocabSize);
  const problems: string[] = [];
  for (const { losses } of rounds) {
    const [first, last] = [losses[0], losses.at(-1) ?? NaN];
    if (!(Math.abs(first - expected) < LOSS_TOLERANCE)) {
      problems.push(`${contestant}: expected a first loss near ${expected.toFixed(3)}, got ${first}`);
    } else if (!(last < first)) {
      problems.push(`${contestant}: expected a loss that falls from ${first.toFixed(3)}, got ${last}`);
    }
  }
  const missing = new Set(rounds.flatMap(({ fallbacks }) => fallbacks ?? []));
  if (missing.size > 0)
    problems.push(`${contestant}: expected kernels for all ops, ${[...missing].join(", ")} ran as references`);
  return problems;
}
