// What the models see of an image. data/views.ts makes it.
import * as v from "valibot";
import type { ColorJitterOptions, CropMargins, Normalization, ResizeFilter } from "@beitjs/tensor-core/image";
import { exactly } from "./inferred.ts";
import { fields, oneOf, variant } from "./fields.ts";
import {
  amount,
  channels,
  count,
  imageSize,
  interval,
  magnitude,
  perChannel,
  share,
  shareAboveZero,
  whole,
} from "./values.ts";

const filter = exactly<ResizeFilter>()(oneOf("nearest", "bilinear", "bicubic", "lanczos"));
const margins = exactly<CropMargins>()(oneOf("even", "down"));
const colorJitter = exactly<ColorJitterOptions>()(fields({ brightness: amount, contrast: amount, saturation: amount }));

const namedNormalization = v.picklist(["unit", "mapPixels"], "unit, mapPixels, or an object of mean and std");
const statistics = fields({ mean: perChannel, std: perChannel });
const normalization = exactly<Normalization>()(
  v.lazy((value) => (typeof value === "object" && value !== null ? statistics : namedNormalization)),
);

/** One crop for the encoder and, in another size, for the tokenizer. */
export const twoViews = fields({
  channels,
  /** Size of the encoder's view and of the tokenizer's. */
  pixelSize: imageSize,
  tokenSize: imageSize,
  colorJitter,
  /** Probability of mirroring. */
  flip: share,
  /** Ranges of the crop's area share and of its width / height. */
  scale: interval,
  ratio: interval,
  /** For the encoder's view, one entry a channel. The tokenizer's is in [0, 1]. */
  mean: perChannel,
  std: perChannel,
});

/** RandAugment of the mirrored crop, 8 bits and 1 or 3 channels alone. (BEiT: timm's `rand-m9-mstd0.5-inc1`) */
export const randAugment = fields({
  /** Operations an image, each done with this probability. */
  operations: count,
  probability: share,
  /** Mean and standard deviation of an operation's strength, of 10. */
  magnitude,
  magnitudeStd: amount,
});

/** Random erasing of the finished view: a rectangle of this range of area shares and of height / width becomes noise. */
export const erase = fields({ probability: share, scale: interval, ratio: interval });

export const trainView = fields({
  channels,
  size: imageSize,
  /** A random resized crop, or for small images (at most 32) a crop after padding with black (timm's RandomCrop). */
  crop: variant("kind", [
    fields({ kind: v.literal("resized"), scale: interval, ratio: interval }),
    fields({ kind: v.literal("padded"), padding: whole }),
  ]),
  flip: share,
  filter,
  normalization,
  randAugment: v.exactOptional(randAugment),
  erase: v.exactOptional(erase),
});

export const evalView = fields({
  channels,
  size: imageSize,
  /**
   * Straight to the size; or the center of a larger image, which covers floor(size / cropRatio) in its own shape
   * (`centerCrop`) or is stretched to it (`squareCrop`).
   */
  fit: variant("kind", [
    fields({ kind: v.literal("direct") }),
    fields({
      kind: oneOf("centerCrop", "squareCrop"),
      cropRatio: shareAboveZero,
      margins: v.optional(margins),
    }),
  ]),
  filter,
  normalization,
});
