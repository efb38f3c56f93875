// The demo's recipes for the data at hand: channels and image shape from the data, and no batch larger than it. For the images
// shipped with this package they are the recipes as they stand.
import {
  demoFineTune,
  demoPretrain,
  demoScratch,
  demoTokenizer,
  type EvalViewOptions,
  type FineTuneRecipe,
  type PretrainRecipe,
  type TokenizerRecipe,
} from "@beitjs/trainers";
import type { DemoData } from "./data.ts";
import { emojiRecipes } from "./emoji-recipes.ts";

export const labelsPerClass = 10;

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

const usualRecipes: DemoRecipes = {
  tokenizer: demoTokenizer,
  pretrain: demoPretrain,
  fineTune: demoFineTune,
  scratch: demoScratch,
};

/** Recipes for a data set. `short` runs every stage for an epoch or two, to show that it works. */
export function demoSettings(
  data: Pick<DemoData, "channels" | "kind" | "train" | "classes"> & Partial<Pick<DemoData, "shipped">>,
  { short }: { readonly short: boolean },
): DemoSettings {
  const { channels } = data;
  const base = data.shipped === "emoji" ? emojiRecipes : usualRecipes;
  const images = data.train.images.length;
  const labels = data.classes.length * labelsPerClass;
  const views = { ...base.pretrain.views, channels, ...perChannel(base.pretrain.views, channels) };
  const fit: EvalViewOptions["fit"] =
    data.kind === "folder" ? { kind: "centerCrop", cropRatio: 1 } : base.fineTune.evalView.fit;
  const normalization = normalizationFor(base.fineTune.view.normalization, channels);
  const pixelView: EvalViewOptions = { ...base.fineTune.evalView, channels, fit, normalization };
  const model = { ...base.pretrain.model, channels };
  const fitFineTune = (recipe: FineTuneRecipe): FineTuneRecipe => {
    const view = { ...recipe.view, channels, normalization };
    const fitted = { ...recipe, model: { ...recipe.model, channels }, view, evalView: pixelView };
    return fitBatch(fitted, labels, short ? 4 : recipe.epochs);
  };
  const recipes: DemoRecipes = {
    tokenizer: fitBatch(
      {
        ...base.tokenizer,
        model: { ...base.tokenizer.model, channels },
        views: { ...base.tokenizer.views, channels, ...perChannel(base.tokenizer.views, channels) },
      },
      images,
      short ? 2 : base.tokenizer.epochs,
    ),
    pretrain: fitBatch({ ...base.pretrain, model, views }, images, short ? 1 : base.pretrain.epochs),
    fineTune: fitFineTune(base.fineTune),
    scratch: fitFineTune(base.scratch),
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

/** With a batch that is never larger than the data. Warm-up and annealing are shares of the run. */
export function fitBatch<R extends TokenizerRecipe | PretrainRecipe | FineTuneRecipe>(
  recipe: R,
  images: number,
  epochs: number,
): R {
  const batchSize = Math.min(recipe.batchSize, images);
  const microBatches = batchSize % recipe.microBatches === 0 ? recipe.microBatches : 1;
  return { ...recipe, batchSize, microBatches, epochs };
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
