// Which recipe is taken where --recipe names none: the one whose model is likest the one at hand.
import type { BeitConfig } from "@beitjs/beit-encoder";
import type { DvaeConfig } from "@beitjs/dvae-tokenizer";
import { heightWidth, type ImageSize } from "@beitjs/tensor-core/grid";
import type { Context } from "../program/command.ts";
import { fineTuneBase, type Dataset, type FineTuneRecipe } from "@beitjs/trainers";

/** A recipe's name, and what it was taken for. */
export type Chosen = { readonly name: string; readonly for: string };

/** Images as small as the demo's. */
const DEMO_SIZE = 32;
/** Width of the smallest model that is trained as BEiT-base is. */
const BASE_WIDTH = 384;
/** Updates an epoch below which batches are made smaller. */
const LEAST_STEPS = 10;

/** The flags with their recipe, or with the one that was chosen in its place; that is told. */
export function requestOf<Given extends { readonly recipe: string | undefined }>(
  flags: Given,
  chosen: Chosen,
  { terminal }: Pick<Context, "terminal">,
): Given & { readonly recipe: string } {
  const { recipe } = flags;
  if (recipe !== undefined) return { ...flags, recipe };
  terminal.info(`recipe: ${chosen.name}, for ${chosen.for} (--recipe names another)`);
  terminal.event("recipe", { name: chosen.name, for: chosen.for });
  return { ...flags, recipe: chosen.name };
}

/** For pre-training with a tokenizer. */
export function recipeForTokenizer({ imageSize, channels, vocabSize }: DvaeConfig): Chosen {
  const what = `a tokenizer of ${vocabSize} tokens of ${colorsOf(channels)} images`;
  if (isDemoLike(imageSize, channels)) return { name: "pretrain-demo", for: what };
  return { name: vocabSize > 1024 ? "pretrain-tiny" : "pretrain-small", for: what };
}

/** For pre-training without a tokenizer. */
export const recipeWithoutTokenizer: Chosen = {
  name: "pretrain-small-visible",
  for: "images without a tokenizer: pixels are predicted",
};

/** For fine-tuning a model. */
export function recipeForModel({ imageSize, channels, width }: BeitConfig): Chosen {
  const what = `a model of width ${width} that sees ${colorsOf(channels)} images`;
  if (isDemoLike(imageSize, channels)) return { name: "fine-tune-demo", for: what };
  return { name: width >= BASE_WIDTH ? "fine-tune-base" : "fine-tune-small", for: what };
}

/** For training from scratch, by the first of the images. */
export async function recipeForImages(images: Dataset, stage: "tokenizer" | "fine-tune"): Promise<Chosen> {
  const { height, width, channels } = (await images.get(0)).image;
  const what = `${colorsOf(channels)} images, the first of ${height}x${width}`;
  return { name: `${stage}-${isDemoLike([height, width], channels) ? "demo" : "small"}`, for: what };
}

/**
 * `fine-tune-base` for fewer images than ImageNet has: smaller batches, so that an epoch has some updates, and the rate in proportion.
 * Other recipes stay as they are.
 */
export function batchFor(recipe: FineTuneRecipe, { length }: Pick<Dataset, "length">): FineTuneRecipe {
  const { batchSize, microBatches, learningRate } = fineTuneBase;
  if (recipe.batchSize !== batchSize || length >= LEAST_STEPS * batchSize) return recipe;
  const smaller = 2 ** Math.floor(Math.log2(Math.max(Math.min(2, length), length / LEAST_STEPS)));
  const pieces = Math.max(1, (smaller * microBatches) / batchSize);
  const batchScaling = { rule: "linear", baseSize: batchSize } as const;
  return { ...recipe, batchSize: smaller, microBatches: pieces, learningRate: { ...learningRate, batchScaling } };
}

function isDemoLike(size: ImageSize, channels: number): boolean {
  const { height, width } = heightWidth(size);
  return channels === 1 && Math.max(height, width) <= DEMO_SIZE;
}

function colorsOf(channels: number): string {
  return channels === 1 ? "gray" : channels === 3 ? "color" : `${channels}-channel`;
}
