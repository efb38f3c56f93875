// Images as vectors, for search, clustering or a model on top.
import { tensor, type Tensor } from "@beitjs/tensor-core";
import type { ImageInput } from "@beitjs/tensor-core/image";
import { gatherRows, meanTokens, reshape } from "@beitjs/tensor-core/ops";
import { checkBlocks, encode, encodeWithFeatures } from "../encoder.ts";
import { pooledFeatures } from "../heads.ts";
import type { Beit } from "../parameters.ts";
import { areSeveral, ofImages, type ImageModel, type ImagesOptions } from "./model-images.ts";
import { readOutputs } from "./read-outputs.ts";

/**
 * - `model`: what a class head sees, or would see (see `pooledFeatures`), [D]
 * - `mean`: the mean of the patches as they are, [D]
 * - `class`: the class token as it is, [D]
 * - `none`: all tokens as they are, class token first, [N + 1, D]
 */
export type Pooling = "model" | "mean" | "class" | "none";

export type PoolingOptions = {
  /** How an image's tokens become its vector; `model` by default, of an inner block `mean`. */
  readonly pooling?: Pooling | undefined;
  /** Block, from 0, whose output is taken as it is; default: the last one, and what belongs behind it. */
  readonly layer?: number | undefined;
};

export type EmbedOptions = ImagesOptions &
  PoolingOptions & {
    /** Scales vectors (with pooling `none`, each token) to length 1. */
    readonly normalize?: boolean | undefined;
  };

/**
 * The vector of an image; of several images, one for each. Images are prepared as the model's files say.
 *
 * ```ts
 * const [a, b] = await embed(model, ["a.jpg", "b.jpg"], { decode: decodeImage });
 * console.log(cosineSimilarity(a, b));
 * ```
 * @param images in any form, see `ImageInput`
 * @param options.decode of encoded images in Node: `decodeImage` of `@beitjs/trainers/node`
 * @throws RangeError for a layer that is not there; `[embed] expected finite numbers …`; `[embed] image 3: …` for what cannot be read as
 * an image
 */
export function embed(model: ImageModel, image: ImageInput, options?: EmbedOptions): Promise<Float32Array>;
export function embed(
  model: ImageModel,
  images: readonly ImageInput[],
  options?: EmbedOptions,
): Promise<Float32Array[]>;
export async function embed(
  model: ImageModel,
  images: ImageInput | readonly ImageInput[],
  { pooling, layer, normalize = false, ...options }: EmbedOptions = {},
): Promise<Float32Array | Float32Array[]> {
  const { beit } = model;
  checkPooling(beit, { pooling, layer });
  const all = areSeveral(images) ? images : [images];
  const vectors = await ofImages("embed", model, all, options, async (views) => {
    const values = await embedViews(beit, views, { pooling, layer });
    if (normalize) scaleToUnit(values, beit.config.width);
    const length = values.length / views.length;
    // A copy, so that keeping one vector does not keep the batch.
    return views.map((_, i) => values.slice(i * length, (i + 1) * length));
  });
  return areSeveral(images) ? vectors : vectors[0];
}

/**
 * The same of images that are prepared already, all in one batch, one vector after another: [B, D] or [B, N + 1, D].
 *
 * @param views [H, W, channels] each, as `evalView` makes them
 */
export async function embedViews(
  beit: Beit,
  views: readonly Float32Array[],
  options: PoolingOptions = {},
): Promise<Float32Array> {
  const { layer, pooling = layer === undefined ? "model" : "mean" } = options;
  checkPooling(beit, { pooling, layer });
  return readOutputs("embed", beit, views, (pixels) => {
    const encoded =
      layer === undefined ? encode(beit, pixels) : encodeWithFeatures(beit, pixels, { blocks: [layer] }).features[0];
    return pool(beit, encoded, pooling);
  });
}

/**
 * How much two vectors point the same way, whatever their lengths: 1 the same, 0 nothing in common, -1 the opposite; 0 where one
 * is zero.
 *
 * @throws RangeError for vectors of different sizes
 */
export function cosineSimilarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) {
    throw new RangeError(`[cosineSimilarity] expected vectors of one size, got ${a.length} and ${b.length}`);
  }
  const scale = length(a) * length(b);
  return scale === 0 ? 0 : dot(a, b) / scale;
}

function pool(beit: Beit, encoded: Tensor, pooling: Pooling): Tensor {
  switch (pooling) {
    case "model":
      return pooledFeatures(beit, encoded);
    case "mean":
      return meanTokens(encoded);
    case "class":
      return classTokens(encoded);
    case "none":
      return encoded;
  }
}

function classTokens(encoded: Tensor): Tensor {
  const [batch, tokens, width] = encoded.shape;
  const rows = Int32Array.from({ length: batch }, (_, example) => example * tokens);
  const index = tensor(rows, [batch], encoded.backend, "int32");
  return gatherRows(reshape(encoded, [batch * tokens, width]), index); // [B, D]
}

function checkPooling(beit: Beit, { pooling, layer }: PoolingOptions): void {
  const known: readonly (string | undefined)[] = ["model", "mean", "class", "none", undefined];
  if (!known.includes(pooling)) {
    throw new RangeError(`[embed] expected pooling model, mean, class or none, got ${pooling}`);
  }
  if (layer === undefined) return;
  checkBlocks("embed", [layer], beit);
  if (pooling === "model") {
    throw new RangeError(
      `[embed] expected pooling mean, class or none of layer ${layer}, got model: its norm is of the end`,
    );
  }
}

function scaleToUnit(values: Float32Array, width: number): void {
  for (let start = 0; start < values.length; start += width) {
    const vector = values.subarray(start, start + width);
    const scale = length(vector);
    if (scale > 0) for (let i = 0; i < width; i++) vector[i] /= scale;
  }
}

function length(vector: ArrayLike<number>): number {
  return Math.sqrt(dot(vector, vector));
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
