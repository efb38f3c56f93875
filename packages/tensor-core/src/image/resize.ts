// Resizing equal to Pillow 13's to the last bit (libImaging/Resample.c): a horizontal and a vertical pass, each in 22-bit fixed
// point and rounded to bytes; of 16 bits a sample in float64, rounded to 16. BEiT's two views are made with it (bicubic and Lanczos, unilm beit/transforms.py).
import type { HeightWidth } from "../grid.ts";
import { roundHalfEven } from "./crop.ts";
import { checkImage, isColor, isDeep, type Box, type ByteImage, type Image } from "./image.ts";
import { byPlanes } from "./planes.ts";
import { resampleDeep } from "./resample-deep.ts";
import { resampleInWasm } from "./resample-wasm.ts";
import { cachedWeights, isResizeFilter, type ResizeFilter } from "./resample-weights.ts";
import { resample, type Resampling } from "./resample.ts";

export type ResizeOptions = {
  readonly width: number;
  readonly height: number;
  readonly filter: ResizeFilter;
  /** Part of the source to use, in pixels, fractions allowed; the whole image by default. */
  readonly box?: Box;
};

/**
 * Resizes like `PIL.Image.resize((width, height), filter, box)` of Pillow 13: the vertical pass comes first where more than twice
 * as many rows as columns go. (Pillow up to 11 has the horizontal pass first always: bytes there differ by rounding.)
 * Returns the image itself when nothing changes.
 * @throws RangeError for sizes below 1, an unknown filter, or a box that is empty or leaves the image.
 */
export function resize(image: Image, { width, height, filter, box }: ResizeOptions): Image {
  checkImage("resize", image);
  checkTarget(width, height, filter);
  const { left, top, right, bottom } = edges(image, box);
  const horizontal = width !== image.width || left !== 0 || right !== width;
  const vertical = height !== image.height || top !== 0 || bottom !== height;
  if (!horizontal && !vertical) return image;
  const lessHigh = image.height - height;
  const resampling: Resampling = {
    // Of the whole image, box or not; the order shows in the bytes, as each pass rounds.
    rowsFirst: lessHigh > 0 && lessHigh > (image.width - width) * 2,
    ...(horizontal && { columns: cachedWeights(image.width, left, right, width, filter) }),
    ...(vertical && { rows: cachedWeights(image.height, top, bottom, height, filter) }),
  };
  const { data } = image;
  if (isDeep(data)) return resampleDeep({ ...image, data }, resampling);
  const bytes = { ...image, data };
  return isColor(image) ? resampleBytes(bytes, resampling) : byPlanes(bytes, (one) => resampleBytes(one, resampling));
}

function resampleBytes(image: ByteImage, resampling: Resampling): ByteImage {
  return resampleInWasm(image, resampling) ?? resample(image, resampling);
}

/**
 * Scales the short side to `size` and the long side in proportion, cut to a whole number (torchvision's `Resize(int)`).
 * @throws RangeError as `resize`.
 */
export function resizeShortSide(image: Image, size: number, filter: ResizeFilter): Image {
  const { width, height } = image;
  return width <= height
    ? resize(image, { width: size, height: Math.trunc((size * height) / width), filter })
    : resize(image, { width: Math.trunc((size * width) / height), height: size, filter });
}

/**
 * Scales to the smallest size of the same shape that covers `height` x `width`: the short side of a square as
 * `resizeShortSide`, both sides of other shapes rounded, halves to even (timm's `ResizeKeepRatio`).
 * @throws RangeError as `resize`.
 */
export function resizeToCover(image: Image, { height, width }: HeightWidth, filter: ResizeFilter): Image {
  if (height === width) return resizeShortSide(image, height, filter);
  const ratio = Math.min(image.height / height, image.width / width);
  const scaled = (side: number) => roundHalfEven(side / ratio);
  return resize(image, { width: scaled(image.width), height: scaled(image.height), filter });
}

function edges(image: Image, box: Box | undefined): { left: number; top: number; right: number; bottom: number } {
  if (box === undefined) return { left: 0, top: 0, right: image.width, bottom: image.height };
  const left = Math.fround(box.left);
  const top = Math.fround(box.top);
  const right = Math.fround(box.left + box.width);
  const bottom = Math.fround(box.top + box.height);
  if (left >= 0 && top >= 0 && right > left && bottom > top && right <= image.width && bottom <= image.height) {
    return { left, top, right, bottom };
  }
  const got = `left ${box.left}, top ${box.top}, ${box.width} x ${box.height}`;
  throw new RangeError(`[resize] expected a box inside ${image.width} x ${image.height}, got ${got}`);
}

function checkTarget(width: number, height: number, filter: string): void {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(`[resize] expected a target width and height of at least 1, got ${width} x ${height}`);
  }
  if (!isResizeFilter(filter))
    throw new RangeError(`[resize] expected nearest, bilinear, bicubic or lanczos, got ${filter}`);
}
