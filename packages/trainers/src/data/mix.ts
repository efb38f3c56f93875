// Mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019) as timm has them, mode "batch": every image of a batch is mixed with the one
// opposite to it, the first with the last, all in one way that a step draws. Labels follow in the same shares.
import { heightWidth, type ImageSize } from "@beitjs/tensor-core/grid";
import type { Box } from "@beitjs/tensor-core/image";
import { createRng, streams, type Rng } from "@beitjs/tensor-core/random";
import type { MixRecipe } from "../recipes/recipe.ts";

/** How a batch is mixed: `share` is what an image keeps of itself; of CutMix the rest is in the rectangle, which may be empty. */
export type Mix = { readonly share: number; readonly box?: Box };

/** A view and its labels. */
export type LabeledView = { readonly pixels: Float32Array; readonly labels: readonly number[] };

/** What an image is mixed with: labels of another, and the share that it keeps of its own. */
export type MixedLabels = { readonly labels: readonly number[]; readonly share: number };

export type MixedView = LabeledView & { readonly mixed?: MixedLabels };

/** Updates before a step, over all epochs, in a run of this seed and view. */
type StepOf = { readonly seed: number; readonly step: number; readonly size: ImageSize };

/**
 * The batch of a step, mixed as the step draws it: from seed and step alone, so that it is the same in any number of pieces.
 */
export function mixBatch<View extends LabeledView>(
  batch: readonly View[],
  recipe: MixRecipe,
  at: StepOf & { readonly channels: number },
): readonly (View & MixedView)[] {
  const mix = mixOfStep(recipe, at);
  if (!mix) return batch;
  return batch.map((view, i) => {
    const other = batch[batch.length - 1 - i];
    const pixels = mixPixels(view.pixels, other.pixels, mix, at);
    return { ...view, pixels, mixed: { labels: other.labels, share: mix.share } };
  });
}

/** How the batch of a step is mixed, if it is: see `mixBatch`. */
export function mixOfStep(recipe: MixRecipe, { seed, step, size }: StepOf): Mix | undefined {
  return drawMix(recipe, size, createRng({ seed, stream: streams.mix, index: step }));
}

/** @internal How a batch is mixed, or not: whether, which of the two, by how much, and of CutMix where. */
export function drawMix(recipe: MixRecipe, size: ImageSize, rng: Rng): Mix | undefined {
  const { mixupAlpha, cutmixAlpha, probability, switchProbability } = recipe;
  if (rng.uniform() >= probability) return undefined;
  const both = mixupAlpha > 0 && cutmixAlpha > 0;
  const cut = both ? rng.uniform() < switchProbability : cutmixAlpha > 0;
  const share = drawBeta(cut ? cutmixAlpha : mixupAlpha, rng);
  if (!cut) return { share };
  const { height, width } = heightWidth(size);
  return cutMixOf(share, size, { y: rng.integer(height), x: rng.integer(width) });
}

/**
 * @internal The rectangle around a center with that share of the image left outside, cut at the edges; the share is then what is left
 * in truth. As timm 0.3.2 has it, of an odd side both halves are rounded down.
 */
export function cutMixOf(share: number, size: ImageSize, center: { readonly y: number; readonly x: number }): Mix {
  const { height, width } = heightWidth(size);
  const side = Math.sqrt(1 - share);
  const span = (middle: number, length: number): readonly [number, number] => {
    const half = Math.floor(Math.trunc(length * side) / 2);
    return [Math.max(0, middle - half), Math.min(length, middle + half)];
  };
  const [[top, bottom], [left, right]] = [span(center.y, height), span(center.x, width)];
  const box = { left, top, width: right - left, height: bottom - top };
  return { share: 1 - (box.width * box.height) / (width * height), box };
}

/** @internal Pixels of one view [H, W, channels] with those of another, rounded as float32 where PyTorch rounds. */
export function mixPixels(
  own: Float32Array,
  other: Float32Array,
  { share, box }: Mix,
  { size, channels }: { readonly size: ImageSize; readonly channels: number },
): Float32Array {
  const pixels = own.slice();
  if (box) {
    const line = heightWidth(size).width * channels;
    for (let y = box.top; y < box.top + box.height; y++) {
      const from = y * line + box.left * channels;
      pixels.set(other.subarray(from, from + box.width * channels), from);
    }
    return pixels;
  }
  const [kept, added] = [Math.fround(share), Math.fround(1 - share)];
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.fround(own[i] * kept) + Math.fround(other[i] * added);
  return pixels;
}

/** @internal Of Beta(alpha, alpha), from two gamma variates, whose logarithms do not underflow for a small alpha. */
export function drawBeta(alpha: number, rng: Rng): number {
  const [one, other] = [logGamma(alpha, rng), logGamma(alpha, rng)];
  return 1 / (1 + Math.exp(other - one));
}

// Logarithm of a variate of Gamma(shape, 1): Marsaglia & Tsang 2000, with a power of a uniform number for shapes below 1.
function logGamma(shape: number, rng: Rng): number {
  if (shape < 1) return logGamma(shape + 1, rng) + Math.log(1 - rng.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const root = 1 + c * x;
    const u = 1 - rng.uniform();
    if (root <= 0) continue;
    const v = root ** 3;
    if (Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}
