// What a pre-trained model makes of the hidden patches of an image, as a picture and as figures: visual tokens painted by their
// tokenizer, or pixels.
import {
  encodeMasked,
  patchPixels,
  pixelPredictions,
  visualTokenLogits,
  withPatchStatistics,
  type Beit,
  type PatchMask,
} from "@beitjs/beit-encoder";
import { decodeTokens, type Tokenizer } from "@beitjs/dvae-tokenizer";
import type { Mask } from "@beitjs/masking";
import { disposeTree, scope, type Tensor } from "@beitjs/tensor-core";
import { cellAt, heightWidth } from "@beitjs/tensor-core/grid";
import { fromFloat, imagesOf, resize, type Image, type Normalization } from "@beitjs/tensor-core/image";
import { argmax } from "@beitjs/tensor-core/ops";
import { tokensOf, viewBatch } from "@beitjs/trainers";
import { composite } from "../pictures/picture.ts";
import { smoothFill } from "./smooth-fill.ts";

export type FillScores = {
  readonly hidden: number;
  readonly patches: number;
  /** Hidden patches whose most likely token is the right one; absent where pixels are predicted. */
  readonly right?: number;
  /** Mean absolute error of hidden pixels, in [-1, 1]: of what was filled in, and of a smooth surface from the edges of what is seen. */
  readonly meanAbsoluteError: number;
  readonly smoothError: number;
  /** Of what the tokenizer makes of the right tokens: no model that predicts tokens can be expected to do better. */
  readonly tokenizerError?: number;
};

export type FilledImage = {
  readonly original: Image;
  readonly mask: Mask;
  readonly filled: Image;
  readonly scores: FillScores;
};

export type SeenImage = {
  /** [H, W, C] of the encoder, normalized. */
  readonly pixels: Float32Array;
  readonly normalization: Normalization;
  /** Where nothing is hidden, all patches are predicted. */
  readonly mask: Mask;
};

/** Fills hidden patches by the most likely visual tokens. `tokens` is the tokenizer's view of the same part of the image. */
export async function fillWithTokens(
  beit: Beit,
  tokenizer: Tokenizer,
  { tokens, ...seen }: SeenImage & { readonly tokens: Float32Array },
): Promise<FilledImage> {
  const { backend } = beit.params.classToken;
  const own = Array.from(await tokensOf(tokenizer, [tokens]));
  const pixels = viewBatch([seen.pixels], beit.config, backend);
  const [predicted] = await predictTokens(beit, pixels, [seen.mask]);
  pixels.dispose();
  const ids = own.map((id, patch) => predicted.get(patch) ?? id);
  const [painted, kept] = imagesOf(await decodeTokens(tokenizer, [...ids, ...own]), tokenizer.config);
  const original = pictureOf(beit, seen);
  const mask = predictedPatches(seen.mask);
  const { width, height } = original;
  const large = (image: Image): Image => resize(image, { width, height, filter: "bicubic" });
  const filled = composite(original, large(painted), mask);
  const right = [...predicted].filter(([patch, id]) => own[patch] === id).length;
  const tokenizerError = hiddenError(original, large(kept), mask);
  return { original, mask: seen.mask, filled, scores: { ...scoresOf(original, filled, mask), right, tokenizerError } };
}

/** Fills hidden patches by predicted pixels; of normalized ones with the mean and the deviation that the patch has. */
export async function fillWithPixels(
  beit: Beit,
  seen: SeenImage,
  { normalized }: { readonly normalized: boolean },
): Promise<FilledImage> {
  const { config, params } = beit;
  const predictions = scope(params.classToken.backend, () => {
    const pixels = viewBatch([seen.pixels], config, params.classToken.backend);
    const tokens = encodeMasked(beit, pixels, { mask: seen.mask });
    const hidden = seen.mask.count > 0 ? { mask: seen.mask } : {};
    return { values: pixelPredictions(beit, tokens, hidden), patches: patchPixels(pixels, config) };
  });
  const values = Float32Array.from(await predictions.values.read());
  const patches = Float32Array.from(await predictions.patches.read());
  const size = predictions.patches.shape[2];
  disposeTree(predictions);
  const mask = predictedPatches(seen.mask);
  const view = Float32Array.from(seen.pixels);
  let next = 0;
  for (let patch = 0; patch < mask.cells.length; patch++) {
    if (mask.cells[patch] === 0) continue;
    const own = values.subarray(next * size, ++next * size);
    if (normalized) withPatchStatistics(own, patches.subarray(patch * size, (patch + 1) * size));
    placePatch(view, own, patch, beit);
  }
  const original = pictureOf(beit, seen);
  const filled = pictureOf(beit, { ...seen, pixels: view });
  return { original, mask: seen.mask, filled, scores: scoresOf(original, filled, mask) };
}

/** The most likely token of every hidden patch, by patch, for each image; of every patch where none is hidden. */
export async function predictTokens(
  beit: Beit,
  pixels: Tensor,
  masks: readonly PatchMask[],
): Promise<Map<number, number>[]> {
  const all = masks.every(({ cells }) => !cells.includes(1));
  const best = scope(pixels.backend, () =>
    argmax(visualTokenLogits(beit, encodeMasked(beit, pixels, { mask: masks }), all ? undefined : masks)),
  );
  const ids = await best.read();
  best.dispose();
  let next = 0;
  return masks.map(
    ({ cells }) =>
      new Map(
        Array.from(cells.keys()).flatMap((cell) => (all || cells[cell] === 1 ? [[cell, ids[next++]] as const] : [])),
      ),
  );
}

// Pixels of a patch are row by row, channels last.
function placePatch(view: Float32Array, values: Float32Array, patch: number, { config }: Beit): void {
  const { patchSize, channels, imageSize } = config;
  const { width } = heightWidth(imageSize);
  const cols = Math.floor(width / patchSize);
  const [top, left] = [Math.floor(patch / cols) * patchSize, (patch % cols) * patchSize];
  const row = patchSize * channels;
  for (let y = 0; y < patchSize; y++)
    view.set(values.subarray(y * row, (y + 1) * row), ((top + y) * width + left) * channels);
}

function pictureOf({ config }: Beit, { pixels, normalization }: Omit<SeenImage, "mask">): Image {
  const { height, width } = heightWidth(config.imageSize);
  return fromFloat(pixels, { width, height, channels: config.channels }, normalization);
}

function predictedPatches(mask: Mask): Mask {
  if (mask.count > 0) return mask;
  return { ...mask, cells: new Uint8Array(mask.cells.length).fill(1), count: mask.cells.length };
}

function scoresOf(original: Image, filled: Image, mask: Mask): FillScores {
  return {
    hidden: mask.count,
    patches: mask.cells.length,
    meanAbsoluteError: hiddenError(original, filled, mask),
    smoothError: hiddenError(original, smoothFill(original, mask), mask),
  };
}

function hiddenError(original: Image, filled: Image, { cells, grid }: Mask): number {
  const { width, channels, data } = original;
  let [sum, count] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    if (cells[cellAt(pixel % width, Math.floor(pixel / width), original, grid)] === 0) continue;
    sum += Math.abs(data[i] - filled.data[i]);
    count++;
  }
  return count === 0 ? 0 : (2 * sum) / (255 * count);
}
