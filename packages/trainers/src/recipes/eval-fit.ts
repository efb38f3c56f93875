// How much of an image an evaluation at another size sees: from 384 on all of its short side, below the center. (unilm, datasets.py)
import { heightWidth, type ImageSize } from "@beitjs/tensor-core/grid";
import type { EvalViewOptions } from "./recipe.ts";

type Fit = EvalViewOptions["fit"];

const wholeFrom = 384;
const usualRatio = 0.875;

/** How images fit a view of size `to`, where `fit` was written for one of size `from`. */
export function fitAt(fit: Fit, from: ImageSize, to: ImageSize): Fit {
  if (fit.kind === "direct") return fit;
  if (isLarge(to)) return { ...fit, cropRatio: 1 };
  return isLarge(from) ? { ...fit, cropRatio: usualRatio } : fit;
}

function isLarge(size: ImageSize): boolean {
  const { height, width } = heightWidth(size);
  return Math.min(height, width) >= wholeFrom;
}
