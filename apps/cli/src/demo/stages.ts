// The three trainings of a demo, each in a folder of its own with checkpoints, all with their lines in one metrics.jsonl. A
// stage that was stopped goes on, one that is done is only loaded.
import { join } from "node:path";
import type { Beit } from "@beitjs/beit-encoder";
import type { Tokenizer } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import {
  takePerClass,
  totalSteps,
  type Dataset,
  type FineTuneRecipe,
  type Recipe,
  type StageName,
  type ValidationOptions,
} from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import { beitOf, tokenizerOf, weightsHash } from "../models/from-checkpoint.ts";
import { tellPlan } from "../runs/plan.ts";
import { loopOf, type LoopOptions } from "../runs/stages.ts";
import { trainedCheckpoint } from "../runs/trained-checkpoint.ts";
import type { DemoData } from "./data.ts";
import { labelsPerClass, type DemoSettings, type Start } from "./settings.ts";

export type StageOptions = {
  readonly out: string;
  readonly backend: Backend;
  readonly data: DemoData;
  readonly settings: DemoSettings;
  /** Facts for the manifests. */
  readonly facts: Readonly<Record<string, unknown>>;
};

/** A trained model with what tells its weights from others. */
export type Trained<Model> = { readonly model: Model; readonly weights: string; readonly stage: string };

/** Marks of the stages in metrics.jsonl, and the names of their folders. */
export const marks = {
  tokenizer: "tokenizer",
  pretrain: "pretrain",
  fineTune: (seed: number, start: Start) => `fine-tune-${start}-${seed}`,
} as const;

const saveEvery = 200;
const testsOnTheWay = 10;

/** Trains the tokenizer, or loads it when it is done. */
export async function tokenizerStage(options: StageOptions, context: Context): Promise<Trained<Tokenizer>> {
  const { backend, data, settings } = options;
  const recipe = settings.recipes.tokenizer;
  const { images } = data.train;
  const taken = { recipe, images, backend, validation: onTheWay(options, recipe, images) };
  const loop = await planned("tokenizer", taken, context);
  const identity = { images: data.train.sha256 };
  const checkpoint = await trainedCheckpoint({ ...common(options, marks.tokenizer), ...loop, identity }, context);
  return { model: tokenizerOf(checkpoint, backend), weights: weightsHash(checkpoint), stage: marks.tokenizer };
}

/** Pre-trains the encoder with the tokenizer's visual tokens as targets. */
export async function pretrainStage(
  options: StageOptions,
  tokenizer: Trained<Tokenizer>,
  context: Context,
): Promise<Trained<Beit>> {
  const { backend, data, settings } = options;
  const recipe = settings.recipes.pretrain;
  const { images } = data.train;
  const validation = onTheWay(options, recipe, images);
  const taken = { recipe, tokenizer: tokenizer.model, images, backend, validation };
  const loop = await planned("pretrain", taken, context);
  const identity = { images: data.train.sha256, tokenizer: tokenizer.weights };
  const checkpoint = await trainedCheckpoint({ ...common(options, marks.pretrain), ...loop, identity }, context);
  return { model: beitOf(checkpoint, backend), weights: weightsHash(checkpoint), stage: marks.pretrain };
}

export type FineTuneStage = { readonly from: Trained<Beit>; readonly start: Start; readonly recipe: FineTuneRecipe };

/** Fine-tunes one network of a pair; both see the same labels, chosen by the recipe's seed. */
export async function fineTuneStage(
  options: StageOptions,
  { from, start, recipe }: FineTuneStage,
  context: Context,
): Promise<Trained<Beit>> {
  const { backend, data } = options;
  const images = takePerClass(data.labeled.images, labelsPerClass, recipe.seed);
  const stage = marks.fineTune(recipe.seed, start);
  const pretrained = start === "pretrained";
  const validation = onTheWay(options, recipe, images);
  const taken = { recipe, images, backend, validation, ...(pretrained && { from: from.model }) };
  const loop = await planned("fine-tune", taken, context);
  const identity = {
    images: data.labeled.sha256,
    test: data.test.sha256,
    from: pretrained ? from.weights : null,
  };
  const checkpoint = await trainedCheckpoint({ ...common(options, stage), ...loop, identity }, context);
  return { model: beitOf(checkpoint, backend), weights: weightsHash(checkpoint), stage };
}

// The first lines of a stage, of one that is done too. The demo's sizes are its own: no flag makes them smaller.
async function planned<Name extends StageName>(name: Name, options: LoopOptions<Name>, context: Context) {
  await tellPlan(options, context, { microBatches: false, recompute: false });
  return loopOf(name, options);
}

// The test images, now and then and at the end, for the curves; nothing is decided by them.
function onTheWay({ data }: StageOptions, recipe: Recipe, images: Dataset): ValidationOptions {
  const steps = Math.ceil(totalSteps(recipe, images) / testsOnTheWay);
  return { images: data.test.images, every: { steps }, decides: false };
}

function common({ out, data, facts }: StageOptions, stage: string) {
  const known = { ...facts, classes: data.classes };
  return {
    folder: join(out, stage),
    metricsFolder: out,
    stage,
    resume: "auto",
    saveEvery,
    heldOut: "test" as const,
    facts: known,
  };
}
