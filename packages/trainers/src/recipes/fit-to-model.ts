// A recipe of fine-tuning for the model that it starts from.
import { evalViewFields, gridOf, type BeitConfig, type OpenedBeit, type Preprocessing } from "@beitjs/beit-encoder";
import { ratioFor } from "./aspect.ts";
import { fitAt } from "./eval-fit.ts";
import { viewsOf } from "./fit-to-channels.ts";
import { maskFor } from "./fit-to-tokenizer.ts";
import type { FineTuneRecipe, PretrainRecipe } from "./recipe.ts";

/** What of a model a recipe cannot change, but for `imageSize`: positions are resized when the model is opened. */
export const modelSizes = ["imageSize", "channels", "patchSize", "width", "depth", "heads", "mlpRatio"] as const;

type Model = { readonly beit: { readonly config: BeitConfig } } & Pick<OpenedBeit, "preprocessing">;

/**
 * The recipe with what follows from the model: its sizes and kind of positions, views of its images, with the mean and std that
 * it was trained with, and of a classifier also how its images are prepared and what its head sees. Rates, lengths and augmentation
 * are the recipe's.
 *
 * @example fineTune({ recipe: fitToModel(fineTuneBase, opened), from: opened.beit, images, backend })
 */
export function fitToModel(recipe: FineTuneRecipe, { beit: { config }, preprocessing }: Model): FineTuneRecipe {
  const { view, evalView, model } = recipe;
  const { crop } = view;
  const seen = seenImages(config, preprocessing);
  const ratio = crop.kind === "resized" && { ratio: ratioFor(crop.ratio, view.size, seen.size) };
  // Of an encoder nobody knows how its images were cropped to be judged.
  const isClassifier = config.classes > 0;
  const { size, fit: own, filter } = isClassifier ? evalViewFields(preprocessing) : evalView;
  const fit = fitAt(own, size, seen.size);
  return {
    ...recipe,
    model: { ...withArchitecture(model, config), ...(isClassifier && headOf(config)) },
    view: { ...view, ...seen, crop: { ...crop, ...ratio }, ...(isClassifier && { filter }) },
    evalView: { ...evalView, ...seen, fit, filter },
  };
}

/**
 * A recipe of pre-training with what follows from the model that it goes on from: its sizes and positions, views of its images with
 * the mean and std that it was trained with. What follows from the tokenizer comes after: `fitToTokenizer`.
 */
export function fitToTrained(recipe: PretrainRecipe, { beit: { config }, preprocessing }: Model): PretrainRecipe {
  const { model, views } = recipe;
  const { size, channels, normalization } = seenImages(config, preprocessing);
  const ratio = ratioFor(views.ratio, views.pixelSize, size);
  return {
    ...recipe,
    model: { ...withArchitecture(model, config), relativePositions: config.relativePositions },
    views: { ...viewsOf(views, channels), pixelSize: size, ratio, ...normalization },
    mask: maskFor(recipe.mask, gridOf(model), gridOf(config)),
  };
}

function withArchitecture({ registers: _, ...model }: BeitConfig, config: BeitConfig): BeitConfig {
  const { absolutePositions, layerScale, epsilon, registers } = config;
  const { relativePositions } = model;
  const sizes = Object.fromEntries(modelSizes.map((key) => [key, config[key]])) as Partial<BeitConfig>;
  // A shared table becomes one a layer: either says so.
  const kept = (relativePositions === "none") === (config.relativePositions === "none");
  const relative = kept ? relativePositions : config.relativePositions;
  const own = { ...sizes, absolutePositions, relativePositions: relative, layerScale, epsilon };
  return { ...model, ...own, ...(registers !== undefined && { registers }) };
}

function headOf({ pooling, poolingNorm }: BeitConfig): Partial<BeitConfig> {
  return { pooling, ...(poolingNorm && { poolingNorm }) };
}

function seenImages({ imageSize, channels }: BeitConfig, { mean, std }: Preprocessing) {
  return { size: imageSize, channels, normalization: { mean, std } };
}
