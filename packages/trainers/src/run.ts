// What the training loops share: the arguments of a run, its length, and the rates of every parameter.
import { leaves, type Backend } from "@beitjs/tensor-core";
import { restoreState, type DecodedCheckpoint } from "./checkpoint.ts";
import {
  batches,
  positionAt,
  stepsPerEpoch,
  twoViews,
  viewRng,
  type Batch,
  type Dataset,
  type Prepare,
  type TwoViewOptions,
} from "./data/index.ts";
import { warmupCosine } from "./optimizer/schedule.ts";
import { matchRules, type ParamRule } from "./optimizer/param-rules.ts";
import type { Recipe } from "./recipes/recipe.ts";
import { initTrainingState, type TrainingState, type UpdateOptions, type UpdateReport } from "./update.ts";

export type RunOptions = {
  readonly images: Dataset;
  readonly backend: Backend;
  /** Go on from here; the recipe must be the one the checkpoint was made with. */
  readonly resume?: DecodedCheckpoint;
  readonly signal?: AbortSignal;
  /** Less memory for more time, with the same results: see `recompute` of `encode`. Stages without an encoder ignore it. */
  readonly recompute?: boolean;
};

/** What every report tells. `state` is the live state, not a copy: save it before asking for the next report. */
export type StepReport<Params> = {
  /** Finished updates. */
  readonly step: number;
  readonly totalSteps: number;
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number;
  readonly state: TrainingState<Params>;
};

/**
 * Updates of a recipe on a dataset.
 *
 * @throws if the data does not fill a batch, or a batch cannot be cut into its micro-batches
 */
export function totalSteps(recipe: Recipe, images: { readonly length: number }): number {
  const { epochs, batchSize, microBatches } = recipe;
  if (!(microBatches >= 1 && batchSize % microBatches === 0)) {
    throw new Error(`[recipe] expected batchSize divisible by microBatches, got ${batchSize} and ${microBatches}`);
  }
  if (!(Number.isInteger(epochs) && epochs >= 1))
    throw new Error(`[recipe] expected epochs of at least 1, got ${epochs}`);
  return epochs * stepsPerEpoch(images, { batchSize });
}

/** The state a run starts from: fresh, or filled from a checkpoint of the same recipe. */
export function startState<Params>(
  params: Params,
  recipe: Recipe,
  resume: DecodedCheckpoint | undefined,
): TrainingState<Params> {
  const state = initTrainingState(params);
  if (!resume) return state;
  const difference = firstDifference(recipe, resume.manifest.recipe);
  if (difference) throw new Error(`[resume] expected the recipe of the checkpoint, but ${difference}`);
  restoreState(state, resume);
  return state;
}

/** Rate and decay of every parameter, from rules by path; call the result with a step. */
export function updateRules(
  params: unknown,
  recipe: Recipe,
  steps: number,
  rules: { readonly decay: readonly ParamRule<number>[]; readonly rate?: readonly ParamRule<number>[] },
): (step: number) => UpdateOptions {
  const paths = leaves(params).map(([path]) => path);
  const decayScales = matchRules(paths, rules.decay);
  const rateScales = rules.rate ? matchRules(paths, rules.rate) : paths.map(() => 1);
  return (step) => ({
    learningRate: warmupCosine(step, steps, recipe.learningRate),
    adamW: recipe.adamW,
    rateScales,
    decayScales,
  });
}

/** The batches of a run from where its state stands. */
export function runBatches<T>(
  { seed, batchSize, epochs }: Recipe,
  { images, signal }: RunOptions,
  { step }: { readonly step: number },
  prepare: Prepare<T>,
): AsyncGenerator<Batch<T>, void, void> {
  const start = positionAt(step, stepsPerEpoch(images, { batchSize }));
  return batches(images, prepare, { batchSize, seed, start, epochs, ...(signal && { signal }) });
}

/** Prepares token views in [0, 1]: tokenizers map pixels to their own range. */
export function prepareTokenView({
  seed,
  views,
}: {
  readonly seed: number;
  readonly views: TwoViewOptions;
}): Prepare<Float32Array> {
  return ({ image }, at) => twoViews(image, { ...views, tokenRange: "unit" }, viewRng({ seed, ...at })).tokenView;
}

/** What the reports of all stages share. */
export function stepReport<Params>(
  state: TrainingState<Params>,
  { totalSteps, epoch, learningRate }: Pick<StepReport<Params>, "totalSteps" | "epoch" | "learningRate">,
  { loss, gradientNorm }: UpdateReport,
): StepReport<Params> {
  return { step: state.step, totalSteps, epoch, loss, learningRate, gradientNorm, state };
}

/** Equal pieces of a batch. */
export function microBatchesOf<T>(items: readonly T[], pieces: number): T[][] {
  const size = items.length / pieces;
  return Array.from({ length: pieces }, (_, i) => items.slice(i * size, (i + 1) * size));
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
