// What a checkpoint does not say and its origin knows: how tables meet another grid, how images become pixels.
import type { BeitConfig } from "../config.ts";
import type { Preprocessing } from "./preprocessing.ts";
import type { AdaptOptions } from "../values.ts";

/** Whose code wrote a checkpoint: ours, BEiT's own (microsoft/unilm), timm, or Hugging Face transformers. */
export type Origin = "beitjs" | "unilm" | "timm" | "hugging-face";

const official = { tableResizing: "geometric-cubic", positionResizing: "bicubic" } as const;

/** How each origin brings parameters to another image size. */
export const originalResizing: Readonly<Record<Origin, Required<AdaptOptions>>> = {
  beitjs: official,
  unilm: official,
  timm: { tableResizing: "geometric-linear", positionResizing: "antialiased-bicubic" },
  "hugging-face": { tableResizing: "bilinear", positionResizing: "bicubic" },
};

/**
 * How each origin prepares images for evaluation, for models that were trained on pixels in [-1, 1] (all released ones on
 * ImageNet-22k). (unilm beit/datasets.py; timm, models/beit.py; the released preprocessor_config.json)
 */
export function conventionalPreprocessing(origin: Origin, { imageSize, channels }: BeitConfig): Preprocessing {
  const half = Array.from({ length: channels }, () => 0.5);
  const values = { mean: half, std: half };
  if (origin === "hugging-face") return { filter: "bilinear", size: imageSize, fit: "square", crop: 0, ...values };
  const share = imageSize >= 384 ? 1 : origin === "timm" ? 0.9 : 0.875;
  return { filter: "bicubic", size: Math.floor(imageSize / share), fit: "shortSide", crop: imageSize, ...values };
}
