// The schedules of a recipe for a run of a known length: values by step, and a refusal before the first of them.
import { runLength, stepsIn, tooLong, type RunLength } from "../recipes/lengths.ts";
import type { AnnealingRecipe, LearningRateRecipe, Recipe, TokenizerRecipe } from "../recipes/recipe.ts";
import type { RunOptions } from "../run.ts";
import { anneal, warmupCosine } from "./schedule.ts";

/** A value by step, counted from 0. */
export type Schedule = (step: number) => number;

/** Linear warm-up and half a cosine, at the peak for the batch. */
export function learningRateAt(
  { learningRate, batchSize }: Pick<Recipe, "learningRate" | "batchSize">,
  run: RunLength,
): Schedule {
  const { minimum, warmup } = learningRate;
  const schedule = { peak: peakFor(batchSize, learningRate), minimum, warmupSteps: stepsIn(warmup, run) };
  return (step) => warmupCosine(step, run.totalSteps, schedule);
}

/** The peak of the learning rate for batches of this size. */
export function peakFor(batchSize: number, { peak, batchScaling }: LearningRateRecipe): number {
  if (!batchScaling) return peak;
  const ratio = batchSize / batchScaling.baseSize;
  return peak * (batchScaling.rule === "linear" ? ratio : Math.sqrt(ratio));
}

/** Half a cosine over the whole run to the decay's end, where it has one. */
export function weightDecayAt({ adamW }: Pick<Recipe, "adamW">, { totalSteps }: RunLength): Schedule {
  const { weightDecay: start, weightDecayEnd: end } = adamW;
  return end === undefined ? () => start : (step) => anneal(step, { start, end, steps: totalSteps });
}

export function annealed({ start, end, over }: AnnealingRecipe, run: RunLength): Schedule {
  const steps = stepsIn(over, run);
  return (step) => anneal(step, { start, end, steps });
}

/** All that a recipe's schedules change from step to step, by name. */
export function scheduledValues(recipe: Recipe, run: RunLength): (step: number) => Readonly<Record<string, number>> {
  const { temperature, klWeight } = recipe as Partial<TokenizerRecipe>;
  const schedules: Readonly<Record<string, Schedule>> = {
    learningRate: learningRateAt(recipe, run),
    ...(recipe.adamW.weightDecayEnd !== undefined && { weightDecay: weightDecayAt(recipe, run) }),
    ...(temperature && { temperature: annealed(temperature, run) }),
    ...(klWeight && { klWeight: annealed(klWeight, run) }),
  };
  return (step) => Object.fromEntries(Object.entries(schedules).map(([name, at]) => [name, at(step)]));
}

/**
 * The length of a run that is about to begin or to go on. What was begun goes on with the schedule it has.
 *
 * @throws if the data does not fill a batch, or a warm-up or an annealing is longer than the run
 */
export function checkedLength(
  caller: string,
  { recipe, images, resume }: Pick<RunOptions, "images" | "resume"> & { readonly recipe: Recipe },
): RunLength {
  const run = runLength(recipe, images);
  const fault = resume ? undefined : tooLong(recipe, run);
  if (fault !== undefined) throw new Error(`[${caller}] ${fault}`);
  return run;
}
