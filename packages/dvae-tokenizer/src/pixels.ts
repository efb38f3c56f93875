// Pixels in [0, 1] to what the network sees, and its output back to pixels. (DALL-E paper, appendix A.3.)
import type { Tensor } from "@beitjs/tensor-core";
import { scaleShift } from "@beitjs/tensor-core/ops";
import type { PixelRange } from "./config.ts";

const ranges = {
  // Logit-Laplace has no density at 0 and 1: pixels are kept inside (0.1, 0.9).
  mapped: { scale: 0.8, shift: 0.1 },
  normalized: { scale: 2, shift: -1 },
  unit: { scale: 1, shift: 0 },
} as const;

/** How wide the network's range is. */
export function pixelScale(range: PixelRange): number {
  return ranges[range].scale;
}

/** Pixels in [0, 1] to the network's range. Any shape. */
export function mapPixels(images: Tensor, range: PixelRange): Tensor {
  return range === "unit" ? images : scaleShift(images, ranges[range]);
}

/** The inverse of `mapPixels`, clamped to [0, 1]. */
export function unmapPixels(values: Tensor, range: PixelRange): Tensor {
  const { scale, shift } = ranges[range];
  return scaleShift(values, { scale: 1 / scale, shift: -shift / scale, min: 0, max: 1 });
}
