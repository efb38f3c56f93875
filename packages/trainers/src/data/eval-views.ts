// Views without chance of the images that a tokenizer and its encoder are measured on: their centers.
import type { ImageSize } from "@beitjs/tensor-core/grid";
import type { EvalViewOptions, TwoViewOptions } from "../recipes/recipe.ts";

const fit = { kind: "centerCrop", cropRatio: 1 } as const;

/** What a tokenizer sees: values in [0, 1]. */
export function tokenEvalView(channels: number, size: ImageSize): EvalViewOptions {
  return { channels, size, fit, filter: "lanczos", normalization: "unit" };
}

type PixelView = Pick<TwoViewOptions, "channels" | "pixelSize" | "mean" | "std">;

/** What an encoder sees in pre-training. */
export function pixelEvalView({ channels, pixelSize, mean, std }: PixelView): EvalViewOptions {
  return { channels, size: pixelSize, fit, filter: "bicubic", normalization: { mean, std } };
}
