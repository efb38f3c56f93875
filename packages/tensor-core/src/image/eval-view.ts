// What a model sees of an image where nothing is left to chance: the same view every time, as evaluation and use want it.
import { heightWidth, type ImageSize } from "../grid.ts";
import { centerCropBox, crop, type CropMargins } from "./crop.ts";
import { withChannels, type Image } from "./image.ts";
import { toFloat, type Normalization } from "./normalize.ts";
import type { ResizeFilter } from "./resample-weights.ts";
import { resize, resizeToCover } from "./resize.ts";

export type EvalView = {
  /** 1 to 8. */
  readonly channels: number;
  readonly size: ImageSize;
  /**
   * Straight to the size; or the center of a larger image, which covers floor(size / cropRatio) in its own shape (`centerCrop`)
   * or is stretched to it (`squareCrop`).
   */
  readonly fit:
    | { readonly kind: "direct" }
    | {
        readonly kind: "centerCrop" | "squareCrop";
        readonly cropRatio: number;
        readonly margins?: CropMargins | undefined;
      };
  readonly filter: ResizeFilter;
  readonly normalization: Normalization;
};

/** The same view every time. [H, W, channels] */
export function evalView(image: Image, { channels, size, fit, filter, normalization }: EvalView): Float32Array {
  const source = withChannels(image, channels);
  const target = heightWidth(size);
  if (fit.kind === "direct") return toFloat(resize(source, { ...target, filter }), normalization);
  const [height, width] = [target.height, target.width].map((side) => Math.floor(side / fit.cropRatio));
  const scaled =
    fit.kind === "squareCrop"
      ? resize(source, { width, height, filter })
      : resizeToCover(withoutLongEnds(source, width / height), { width, height }, filter);
  const box = centerCropBox(scaled.width, scaled.height, target, fit.margins);
  return toFloat(crop(scaled, box), normalization);
}

// The center crop never shows the ends of a strip much longer than its own shape (width / height), and scaling 10,000 x 1 up
// would fill the memory.
function withoutLongEnds(image: Image, shape: number): Image {
  const [widest, tallest] = [20 * image.height * Math.max(1, shape), 20 * image.width * Math.max(1, 1 / shape)];
  if (image.width <= widest && image.height <= tallest) return image;
  const size = {
    width: Math.min(image.width, Math.floor(widest)),
    height: Math.min(image.height, Math.floor(tallest)),
  };
  return crop(image, centerCropBox(image.width, image.height, size));
}
