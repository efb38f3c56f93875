// A run as its caller sees it: what it is given, how long it is, what it tells.
import type { Backend } from "@beitjs/tensor-core";
import type { CheckpointInfo, DecodedCheckpoint } from "./checkpoint.ts";
import { positionAt, type Dataset } from "./data/index.ts";
import { inSteps, runLength } from "./recipes/lengths.ts";
import type { Recipe } from "./recipes/recipe.ts";
import type { TrainingState } from "./update.ts";
import type { Validation, ValidationOptions } from "./validation.ts";

export type RunOptions = {
  readonly images: Dataset;
  readonly backend: Backend;
  /**
   * Go on from here; the recipe must be the one the checkpoint was made with, or that with more epochs: its schedules are then
   * those of the longer run, from where the checkpoint stands.
   */
  readonly resume?: DecodedCheckpoint;
  readonly signal?: AbortSignal;
  /** Less memory for more time, with the same results: see `recompute` of `encode`. Stages without an encoder ignore it. */
  readonly recompute?: boolean;
  /** Looks at images that are not trained on, now and then; the results do not depend on it. */
  readonly validation?: ValidationOptions | undefined;
};

/** What every report tells. `state` is the live state, not a copy: save it before asking for the next report. */
export type StepReport<Params, Scores = unknown> = {
  /** Finished updates. */
  readonly step: number;
  readonly totalSteps: number;
  readonly epoch: number;
  /** The step was its epoch's last: what is done once an epoch is done now. */
  readonly endsEpoch: boolean;
  /** No report comes after this one: all steps are made, or the validation's patience is used up. */
  readonly ends: boolean;
  readonly loss: number;
  readonly learningRate: number;
  /** Where the recipe has it change. */
  readonly weightDecay?: number;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number;
  readonly state: TrainingState<Params>;
  /** After steps that were evaluated. */
  readonly validation?: Validation<Scores>;
  /** The step's evaluation failed or was stopped. Save the state: the next report throws why, and a run that goes on evaluates it. */
  readonly unevaluated?: true;
};

/**
 * Updates of a recipe on a dataset.
 *
 * @throws if the data does not fill a batch
 */
export function totalSteps(recipe: Recipe, images: { readonly length: number }): number {
  return runLength(recipe, images).totalSteps;
}

/** What a checkpoint says of the run that a report is of. */
export function checkpointInfo(
  { step, totalSteps: steps }: Pick<StepReport<unknown>, "step" | "totalSteps">,
  { recipe, model, run }: { readonly recipe: Recipe } & Pick<CheckpointInfo, "model" | "run">,
): CheckpointInfo {
  const { epoch, step: batch } = positionAt(step, steps / recipe.epochs);
  return { stage: recipe.stage, model, recipe, step, position: { epoch, batch }, ...(run && { run }) };
}

/**
 * What a recipe and that of a checkpoint differ in on these images, in words; undefined if they train the same bits, be their
 * lengths told in updates or otherwise.
 */
export function recipeDifference(
  recipe: Recipe,
  stored: object,
  images: { readonly length: number },
): string | undefined {
  const difference = firstDifference(recipe, stored);
  if (difference === undefined || (stored as Partial<Recipe> | undefined)?.stage !== recipe.stage) return difference;
  try {
    const resolved = [recipe, stored as Recipe].map((one) => inSteps(one, runLength(one, images)));
    return firstDifference(resolved[0], resolved[1]);
  } catch {
    return difference; // of a run that these images cannot make
  }
}

/** Whether a recipe is that of a checkpoint with more epochs and nothing else, on these images. */
export function isLonger(recipe: Recipe, stored: object, images: { readonly length: number }): boolean {
  const { epochs } = stored as Partial<Recipe>;
  if (typeof epochs !== "number" || recipe.epochs <= epochs) return false;
  return recipeDifference({ ...recipe, epochs }, stored, images) === undefined;
}

/** The first place where two plain values differ, in words; undefined if they are equal. */
export function firstDifference(expected: unknown, got: unknown, path = ""): string | undefined {
  const branch = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
  if (!branch(expected) || !branch(got)) {
    return Object.is(expected, got)
      ? undefined
      : `${path || "it"} is ${JSON.stringify(expected)} here and ${JSON.stringify(got)} there`;
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(got)])) {
    const difference = firstDifference(expected[key], got[key], path ? `${path}.${key}` : key);
    if (difference) return difference;
  }
  return undefined;
}
