// What a classifier sees in images: the most likely classes.
import type { ImageInput } from "@beitjs/tensor-core/image";
import { predictionOf } from "../config.ts";
import { encode } from "../encoder.ts";
import { classLogits } from "../heads.ts";
import { areSeveral, ofImages, type ImageModel, type ImagesOptions } from "./model-images.ts";
import { readOutputs } from "./read-outputs.ts";

/** A class that an image may be of. */
export type ClassGuess = {
  /** Number of the class, from 0. */
  readonly class: number;
  /** Its name, where the model knows it. */
  readonly label?: string;
  readonly probability: number;
};

export type TopOptions = {
  /** How many classes of an image are told; 5 by default, `Infinity` for all. Of several labels an image (`multiLabel`), those above 0.5. */
  readonly top?: number | undefined;
};

export type ClassifyOptions = ImagesOptions & TopOptions;

/**
 * The most likely classes of an image, the most likely first; of several images, a list for each. Images are prepared as the model's
 * files say, and need no preparation of yours.
 *
 * ```ts
 * const model = await openBeit("runs/finetune", cpu);
 * const [best] = await classify(model, "cat.jpg", { decode: decodeImage }); // { class: 3, label: "cat", probability: 0.98 }
 * ```
 * @param images in any form, see `ImageInput`
 * @param options.decode of encoded images in Node: `decodeImage` of `@beitjs/trainers/node`
 * @throws `[classify] expected …, got …` for a model without classes, and for outputs that are not finite; `[classify] image 3: …` for
 * what cannot be read as an image
 */
export function classify(model: ImageModel, image: ImageInput, options?: ClassifyOptions): Promise<ClassGuess[]>;
export function classify(
  model: ImageModel,
  images: readonly ImageInput[],
  options?: ClassifyOptions,
): Promise<ClassGuess[][]>;
export async function classify(
  model: ImageModel,
  images: ImageInput | readonly ImageInput[],
  { top, ...options }: ClassifyOptions = {},
): Promise<ClassGuess[] | ClassGuess[][]> {
  requireClasses("classify", model);
  const all = areSeveral(images) ? images : [images];
  const guesses = await ofImages("classify", model, all, options, (views) => classifyViews(model, views, { top }));
  return areSeveral(images) ? guesses : guesses[0];
}

/**
 * The same of images that are prepared already, all in one batch.
 *
 * @param views [H, W, channels] each, as `evalView` makes them
 */
export async function classifyViews(
  model: Pick<ImageModel, "beit" | "labels" | "multiLabel">,
  views: readonly Float32Array[],
  { top = 5 }: TopOptions = {},
): Promise<ClassGuess[][]> {
  requireClasses("classifyViews", model);
  if (!(top >= 1)) throw new RangeError(`[classify] expected top to be at least 1, got ${top}`);
  const { beit, labels, multiLabel = false } = model;
  const { classes } = beit.config;
  const logits = await readOutputs("classify", beit, views, (pixels) => classLogits(beit, encode(beit, pixels)));
  return views.map((_, i) => {
    const own = logits.subarray(i * classes, (i + 1) * classes);
    if (!multiLabel) return mostLikely(softmax(own), top, labels);
    return mostLikely(sigmoid(own), top, labels).filter(({ probability }) => probability > 0.5);
  });
}

function requireClasses(caller: string, { beit }: Pick<ImageModel, "beit">): void {
  if (beit.config.classes > 0) return;
  const got = predictionOf(beit.config) !== "nothing" ? "one for pre-training" : "one without a class head";
  throw new Error(`[${caller}] expected a model with classes, got ${got}: fine-tune it first`);
}

function mostLikely(probabilities: Float64Array, top: number, labels: readonly string[] | undefined): ClassGuess[] {
  const order = Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a] || a - b);
  return order.slice(0, top).map((number) => ({
    class: number,
    ...(labels?.[number] !== undefined && { label: labels[number] }),
    probability: probabilities[number],
  }));
}

function sigmoid(logits: Float32Array): Float64Array {
  return Float64Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
}

function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
