// What a run will be, known before its first step: parameters, steps, lengths in updates, the schedule of its rates.
import { valueCount } from "@beitjs/tensor-core";
import type { Dataset } from "../data/index.ts";
import { learningRateAt, weightDecayAt } from "../optimizer/recipe-schedule.ts";
import { inSteps, runLength } from "../recipes/lengths.ts";
import type { Recipe } from "../recipes/recipe.ts";
import { blankParams, valuesByPart } from "./dry-stage.ts";
import { createShapesBackend } from "./shapes-backend.ts";

export type RunPlan = {
  /** Values of the model's parameters, in all and by part (`blocks`, `visualTokenHead`). */
  readonly parameters: number;
  readonly parametersByPart: Readonly<Record<string, number>>;
  readonly images: number;
  /** Images by class, where they have one. */
  readonly imagesByClass?: Readonly<Record<string, number>>;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly batchSize: number;
  readonly microBatches: number;
  readonly warmupSteps: number;
  /** Learning rate and weight decay by step, from 0. */
  readonly learningRate: (step: number) => number;
  readonly weightDecay: (step: number) => number;
};

/**
 * What a run of a recipe on these images will be.
 *
 * @throws RangeError if the images do not fill a batch
 */
export function planOf(recipe: Recipe, images: Pick<Dataset, "length" | "classes" | "label">): RunPlan {
  const length = runLength(recipe, images);
  const params = blankParams(recipe, images.classes?.length ?? 1, createShapesBackend());
  const { learningRate } = inSteps(recipe, length);
  const byClass = imagesByClass(images);
  return {
    parameters: valueCount(params),
    parametersByPart: Object.fromEntries(valuesByPart(params)),
    images: images.length,
    ...(byClass && { imagesByClass: byClass }),
    epochs: recipe.epochs,
    ...length,
    batchSize: recipe.batchSize,
    microBatches: recipe.microBatches,
    warmupSteps: "steps" in learningRate.warmup ? learningRate.warmup.steps : 0,
    learningRate: learningRateAt(recipe, length),
    weightDecay: weightDecayAt(recipe, length),
  };
}

/** Images of every class; undefined for images without labels. */
export function imagesByClass({
  length,
  classes,
  label,
}: Pick<Dataset, "length" | "classes" | "label">): Readonly<Record<string, number>> | undefined {
  if (!classes) return undefined;
  const counts = classes.map(() => 0);
  for (let index = 0; index < length; index++) counts[label(index) as number]++;
  return Object.fromEntries(classes.map((name, i) => [name, counts[i]]));
}
