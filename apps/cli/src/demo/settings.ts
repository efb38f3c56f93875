// The demo's recipes for the data at hand: channels and image shape from the data, schedules as long as the data makes
// them. For the images shipped with this package they are the recipes as they stand.
import {
  demoFineTune,
  demoPretrain,
  demoScratch,
  demoTokenizer,
  stepsPerEpoch,
  type EvalViewOptions,
  type FineTuneRecipe,
  type PretrainRecipe,
  type TokenizerRecipe,
} from "@beitjs/trainers";
import type { DemoData } from "./data.ts";

export const labelsPerClass = 10;

/** What the recipes were tuned on: images of the data shipped, and its labels in the few-label setting. */
const tunedOn = { images: 12_000, labels: 100 };

/** Where a network of a pair starts from. */
export type Start = "pretrained" | "scratch";

export type DemoRecipes = {
  readonly tokenizer: TokenizerRecipe;
  readonly pretrain: PretrainRecipe;
  /** Of the pre-trained network, and of the one from scratch. */
  readonly fineTune: FineTuneRecipe;
  readonly scratch: FineTuneRecipe;
};

export type DemoSettings = {
  readonly recipes: DemoRecipes;
  /** Views of test images: the encoder's and the tokenizer's. */
  readonly pixelView: EvalViewOptions;
  readonly tokenView: EvalViewOptions;
};

/** Recipes for a data set. `short` runs every stage for an epoch or two, to show that it works. */
export function demoSettings(
  data: Pick<DemoData, "channels" | "kind" | "train" | "classes">,
  { short }: { readonly short: boolean },
): DemoSettings {
  const { channels } = data;
  const images = data.train.images.length;
  const labels = data.classes.length * labelsPerClass;
  const views = { ...demoPretrain.views, channels, ...perChannel(demoPretrain.views, channels) };
  const fit: EvalViewOptions["fit"] =
    data.kind === "folder" ? { kind: "centerCrop", cropRatio: 1 } : demoFineTune.evalView.fit;
  const normalization = normalizationFor(demoFineTune.view.normalization, channels);
  const pixelView: EvalViewOptions = { ...demoFineTune.evalView, channels, fit, normalization };
  const model = { ...demoPretrain.model, channels };
  const fitFineTune = (recipe: FineTuneRecipe): FineTuneRecipe => {
    const view = { ...recipe.view, channels, normalization };
    const fitted = { ...recipe, model: { ...recipe.model, channels }, view, evalView: pixelView };
    return fitLength(fitted, labels, tunedOn.labels, short ? 4 : recipe.epochs);
  };
  const recipes: DemoRecipes = {
    tokenizer: fitTokenizer(
      {
        ...demoTokenizer,
        model: { ...demoTokenizer.model, channels },
        views: { ...demoTokenizer.views, channels, ...perChannel(demoTokenizer.views, channels) },
      },
      images,
      short ? 2 : demoTokenizer.epochs,
    ),
    pretrain: fitLength({ ...demoPretrain, model, views }, images, tunedOn.images, short ? 1 : demoPretrain.epochs),
    fineTune: fitFineTune(demoFineTune),
    scratch: fitFineTune(demoScratch),
  };
  return {
    recipes,
    pixelView,
    tokenView: { ...pixelView, size: views.tokenSize, filter: "lanczos", normalization: "unit" },
  };
}

/** The recipe of one network of a pair. `seed` starts the network, orders the images and chooses the labels. */
export function recipeOf(recipes: DemoRecipes, start: Start, seed: number): FineTuneRecipe {
  return { ...(start === "pretrained" ? recipes.fineTune : recipes.scratch), seed };
}

type AnyRecipe = TokenizerRecipe | PretrainRecipe | FineTuneRecipe;

function fitTokenizer(recipe: TokenizerRecipe, images: number, epochs: number): TokenizerRecipe {
  const fitted = fitLength(recipe, images, tunedOn.images, epochs);
  const factor = lengthFactor(recipe, fitted, images, tunedOn.images);
  const { temperature, klWeight } = recipe;
  return {
    ...fitted,
    temperature: { ...temperature, steps: scaled(temperature.steps, factor) },
    klWeight: { ...klWeight, steps: scaled(klWeight.steps, factor) },
  };
}

// The batch is never larger than the data, and warm-up takes the same share of the steps.
function fitLength<R extends AnyRecipe>(recipe: R, images: number, tuned: number, epochs: number): R {
  const batchSize = Math.min(recipe.batchSize, images);
  const microBatches = batchSize % recipe.microBatches === 0 ? recipe.microBatches : 1;
  const fitted: R = { ...recipe, batchSize, microBatches, epochs };
  const { learningRate } = recipe;
  const warmupSteps = scaled(learningRate.warmupSteps, lengthFactor(recipe, fitted, images, tuned));
  return { ...fitted, learningRate: { ...learningRate, warmupSteps } };
}

function lengthFactor(recipe: AnyRecipe, fitted: AnyRecipe, images: number, tuned: number): number {
  const steps = (one: AnyRecipe, length: number) => one.epochs * stepsPerEpoch({ length }, one);
  return steps(fitted, images) / steps(recipe, tuned);
}

function scaled(steps: number, factor: number): number {
  return steps === 0 ? 0 : Math.max(1, Math.round(steps * factor));
}

type PerChannel = { readonly mean: readonly number[]; readonly std: readonly number[] };

function perChannel({ mean, std }: PerChannel, channels: number): PerChannel {
  const spread = (values: readonly number[]) => Array.from({ length: channels }, (_, c) => values[c] ?? values[0]);
  return { mean: spread(mean), std: spread(std) };
}

function normalizationFor(
  normalization: EvalViewOptions["normalization"],
  channels: number,
): EvalViewOptions["normalization"] {
  return typeof normalization === "string" ? normalization : perChannel(normalization, channels);
}
