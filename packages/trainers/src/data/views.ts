// What the models see of an image: for pre-training one crop in two sizes (BEiT, App. C and unilm beit/datasets.py), for
// fine-tuning a random crop, for evaluation a fixed one. All numbers of one image come from its own random stream.
import { heightWidth } from "@beitjs/tensor-core/grid";
import {
  colorJitter,
  crop,
  flipHorizontal,
  pad,
  randomResizedCropBox,
  resize,
  toFloat,
  withChannels,
  type Box,
  type Image,
  type RandomCropOptions,
} from "@beitjs/tensor-core/image";
import { createRng, streams, type Rng } from "@beitjs/tensor-core/random";
import type { EvalViewOptions, TrainViewOptions, TwoViewOptions } from "../recipes/recipe.ts";
import { erase } from "./erase.ts";
import { randAugment } from "./rand-augment.ts";

export { evalView, stack } from "@beitjs/tensor-core/image";

export type TwoViews = {
  /** [H, W, channels] of `pixelSize` */
  readonly pixelView: Float32Array;
  /** [H, W, channels] of `tokenSize`, in [0, 1]: tokenizers map pixels to their own range. */
  readonly tokenView: Float32Array;
  /** The rectangle both show, in pixels of the (mirrored) image. */
  readonly crop: Box;
};

const half = [0.5, 0.5, 0.5] as const;

/** Views of the paper's pre-training: 224 for the encoder, 112 for DALL-E's tokenizer (Table 12, App. C). */
export const paperViews: TwoViewOptions = {
  channels: 3,
  pixelSize: 224,
  tokenSize: 112,
  colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4 },
  flip: 0.5,
  scale: [0.08, 1],
  ratio: [3 / 4, 4 / 3],
  mean: half,
  std: half,
};

/** Views of fine-tuning at 224. */
export const paperTrainView: TrainViewOptions = {
  channels: 3,
  size: 224,
  crop: { kind: "resized", scale: [0.08, 1], ratio: [3 / 4, 4 / 3] },
  flip: 0.5,
  filter: "bicubic",
  normalization: { mean: half, std: half },
};

/** Views of evaluation at 224; from 384 on the crop ratio is 1. */
export const paperEvalView: EvalViewOptions = {
  channels: 3,
  size: 224,
  fit: { kind: "centerCrop", cropRatio: 0.875 },
  filter: "bicubic",
  normalization: { mean: half, std: half },
};

/** The random stream of one image in one epoch: independent of batches and of the order. */
export function viewRng(address: { readonly seed: number; readonly epoch: number; readonly index: number }): Rng {
  return createRng({ ...address, stream: streams.views });
}

/**
 * Color jitter on the whole image, mirroring, then one random resized crop shown twice: bicubic to `pixelSize` for the
 * encoder, Lanczos to `tokenSize` for the tokenizer. Grey images become RGB and the other way round as `channels` asks; images of other
 * channels have as many as that.
 */
export function twoViews(image: Image, options: TwoViewOptions, rng: Rng): TwoViews {
  const { channels, pixelSize, tokenSize, mean, std } = options;
  const jittered = colorJitter(withChannels(image, channels), options.colorJitter, rng);
  const mirrored = rng.uniform() < options.flip;
  const box = randomResizedCropBox(image.width, image.height, options, rng);
  const part = cropMirrored(jittered, box, mirrored);
  const pixels = resize(part, { ...heightWidth(pixelSize), filter: "bicubic" });
  const tokens = resize(part, { ...heightWidth(tokenSize), filter: "lanczos" });
  return {
    pixelView: toFloat(pixels, { mean, std }),
    tokenView: toFloat(tokens, "unit"),
    crop: box,
  };
}

/** A random crop, mirrored with probability `flip`, then RandAugment and erasing where they are asked for. [H, W, channels] */
export function trainView(image: Image, options: TrainViewOptions, rng: Rng): Float32Array {
  const source = withChannels(image, options.channels);
  const { crop: range } = options;
  const view =
    range.kind === "padded" ? paddedCrop(source, range, options, rng) : resizedCrop(source, range, options, rng);
  const mirrored = rng.uniform() < options.flip;
  const { normalization, randAugment: augment, erase: erasing } = options;
  const seen = mirrored ? flipHorizontal(view) : view;
  const pixels = toFloat(augment ? randAugment(seen, augment, normalization, rng) : seen, normalization);
  return erasing ? erase(pixels, options, erasing, rng) : pixels;
}

// Equal to cropping the mirrored image, without mirroring what is cut off.
function cropMirrored(image: Image, box: Box, mirrored: boolean): Image {
  if (!mirrored) return crop(image, box);
  return flipHorizontal(crop(image, { ...box, left: image.width - box.left - box.width }));
}

type Target = Pick<TrainViewOptions, "size" | "filter">;

function resizedCrop(image: Image, range: RandomCropOptions, { size, filter }: Target, rng: Rng): Image {
  const box = randomResizedCropBox(image.width, image.height, range, rng);
  return resize(crop(image, box), { ...heightWidth(size), filter });
}

// Images of another size are brought to it first; timm expects them in it (CIFAR's 32).
function paddedCrop(image: Image, { padding }: { padding: number }, { size, filter }: Target, rng: Rng): Image {
  const { height, width } = heightWidth(size);
  const padded = pad(resize(image, { width, height, filter }), padding);
  const top = rng.integer(2 * padding + 1);
  const left = rng.integer(2 * padding + 1);
  return crop(padded, { left, top, width, height });
}
