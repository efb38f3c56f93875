// How fast a run was and how long it took, from the times of its lines. The median of the times between two steps stands for a
// stretch of them: an evaluation, a checkpoint or a pause of a day between two of them changes nothing.
import type { Point } from "../chart.ts";
import type { RunRecord } from "./read-run.ts";

const stretches = 30;
/** Between two lines: what takes longer than this, and than so many steps, is a pause of the run. */
const pauseSeconds = 120;
const pauseSteps = 20;

/** Images a second against steps. */
export function speedOf({ lines, recipe }: Pick<RunRecord, "lines" | "recipe">): readonly Point[] {
  const batch = Number(recipe["batchSize"]);
  const times = between({ lines });
  if (!(batch > 0) || times.length < 2) return [];
  const count = Math.min(stretches, Math.ceil(times.length / 8));
  return Array.from({ length: count }, (_, i) => {
    const part = times.slice(Math.floor((i * times.length) / count), Math.floor(((i + 1) * times.length) / count));
    return [part[part.length - 1].step, batch / median(part.map(({ seconds }) => seconds))] as const;
  }).filter(([, speed]) => Number.isFinite(speed));
}

export type Times = {
  /** Seconds since 1970 of the first and the last step. */
  readonly began: number;
  readonly ended: number;
  /** Between them, pauses left out. */
  readonly seconds: number;
  readonly imagesPerSecond: number | undefined;
  readonly secondsPerStep: number;
};

/** Undefined before the second step. */
export function timesOf(run: Pick<RunRecord, "lines" | "recipe">): Times | undefined {
  const timed = run.lines.flatMap(({ time }) => (time === undefined ? [] : [time]));
  const times = between(run);
  if (times.length === 0) return undefined;
  const step = median(times.map(({ seconds }) => seconds));
  const longest = Math.max(pauseSeconds, pauseSteps * step);
  const worked = times.reduce((sum, { elapsed }) => sum + (elapsed > longest ? 0 : elapsed), 0);
  const images = Number(run.recipe["batchSize"]) / step;
  return {
    began: timed[0],
    ended: timed[timed.length - 1],
    seconds: worked,
    imagesPerSecond: Number.isFinite(images) ? images : undefined,
    secondsPerStep: step,
  };
}

type Between = { readonly step: number; readonly elapsed: number; /** Of one step. */ readonly seconds: number };

function between({ lines }: Pick<RunRecord, "lines">): readonly Between[] {
  return lines.flatMap(({ step, time }, i) => {
    const before = lines[i - 1] as (typeof lines)[number] | undefined;
    if (time === undefined || before?.time === undefined || time < before.time) return [];
    const elapsed = time - before.time;
    return [{ step, elapsed, seconds: elapsed / (step - before.step) }];
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
