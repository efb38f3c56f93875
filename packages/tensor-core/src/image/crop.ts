// Rectangles of an image: cutting, padding, flipping, and choosing where to cut. The random box is the one of Inception-style
// training (Szegedy et al. 2015) as written in torchvision's and unilm's RandomResizedCrop.
import type { Rng } from "../random.ts";
import { blankLike, checkImage, type Box, type Image } from "./image.ts";

export type RandomCropOptions = {
  /** Range of the crop's share of the image area; the paper's is [0.08, 1]. */
  readonly scale: readonly [number, number];
  /** Range of width / height, drawn uniformly in its logarithm; the paper's is [3/4, 4/3]. */
  readonly ratio: readonly [number, number];
};

const ATTEMPTS = 10;

/**
 * Copies a rectangle.
 * @throws RangeError when the box is empty, fractional or leaves the image.
 */
export function crop(image: Image, box: Box): Image {
  checkImage("crop", image);
  const { left, top, width, height } = box;
  const whole = [left, top, width, height].every(Number.isInteger);
  const inside = left >= 0 && top >= 0 && left + width <= image.width && top + height <= image.height;
  if (!whole || !inside || width < 1 || height < 1) {
    const got = `left ${left}, top ${top}, ${width} x ${height}`;
    throw new RangeError(`[crop] expected a box of whole pixels inside ${image.width} x ${image.height}, got ${got}`);
  }
  const { channels } = image;
  const data = blankLike(image.data, width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * channels;
    data.set(image.data.subarray(from, from + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}

/** Mirrors left and right. */
export function flipHorizontal(image: Image): Image {
  checkImage("flipHorizontal", image);
  const { width, height, channels, data } = image;
  const out = blankLike(data, data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * channels;
      const to = (y * width + width - 1 - x) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = data[from + c];
    }
  }
  return { width, height, channels, data: out };
}

/** Adds `amount` black pixels on every side. */
export function pad(image: Image, amount: number): Image {
  checkImage("pad", image);
  if (!Number.isInteger(amount) || amount < 0) throw new RangeError(`[pad] expected whole pixels, got ${amount}`);
  const { channels } = image;
  const width = image.width + 2 * amount;
  const height = image.height + 2 * amount;
  const data = blankLike(image.data, width * height * channels);
  const rowLength = image.width * channels;
  for (let y = 0; y < image.height; y++) {
    const to = ((y + amount) * width + amount) * channels;
    data.set(image.data.subarray(y * rowLength, (y + 1) * rowLength), to);
  }
  return { width, height, channels, data };
}

/**
 * Box of one random resized crop. Ten times: area share ~ U(scale), ratio ~ exp(U(ln ratio)), sides rounded, accepted when they
 * fit; then the place is uniform (top first). Otherwise the largest central box within the ratio.
 * A side that rounds to 0, possible below 4 x 4 pixels, is not accepted (torchvision; unilm would crop nothing).
 * @throws RangeError when a range is empty or not positive.
 */
export function randomResizedCropBox(width: number, height: number, options: RandomCropOptions, rng: Rng): Box {
  checkRange("scale", options.scale);
  checkRange("ratio", options.ratio);
  const [minScale, maxScale] = options.scale;
  const [minLog, maxLog] = [Math.log(options.ratio[0]), Math.log(options.ratio[1])];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = (minScale + rng.uniform() * (maxScale - minScale)) * width * height;
    const ratio = Math.exp(minLog + rng.uniform() * (maxLog - minLog));
    const cropWidth = roundHalfEven(Math.sqrt(area * ratio));
    const cropHeight = roundHalfEven(Math.sqrt(area / ratio));
    if (cropWidth < 1 || cropHeight < 1 || cropWidth > width || cropHeight > height) continue;
    const top = rng.integer(height - cropHeight + 1);
    const left = rng.integer(width - cropWidth + 1);
    return { left, top, width: cropWidth, height: cropHeight };
  }
  return centralBoxWithin(width, height, options.ratio);
}

/** Which way half a pixel of margin goes: to the even number (torchvision's `CenterCrop`) or down (transformers). */
export type CropMargins = "even" | "down";

/**
 * The central box of the given size.
 * @throws RangeError when the box is larger than the image.
 */
export function centerCropBox(
  width: number,
  height: number,
  size: { width: number; height: number },
  margins: CropMargins = "even",
): Box {
  const margin = margins === "even" ? roundHalfEven : Math.floor;
  if (size.width > width || size.height > height || size.width < 1 || size.height < 1) {
    const got = `${size.width} x ${size.height}`;
    throw new RangeError(`[centerCropBox] expected a crop of at least 1 x 1 inside ${width} x ${height}, got ${got}`);
  }
  return {
    left: margin((width - size.width) / 2),
    top: margin((height - size.height) / 2),
    width: size.width,
    height: size.height,
  };
}

function centralBoxWithin(width: number, height: number, [minRatio, maxRatio]: readonly [number, number]): Box {
  const ratio = width / height;
  const cropWidth = ratio > maxRatio ? Math.max(1, roundHalfEven(height * maxRatio)) : width;
  const cropHeight = ratio < minRatio ? Math.max(1, roundHalfEven(width / minRatio)) : height;
  return {
    left: Math.floor((width - cropWidth) / 2),
    top: Math.floor((height - cropHeight) / 2),
    width: cropWidth,
    height: cropHeight,
  };
}

/** @internal Python's round, which the boxes and sizes of the original code go through. */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function checkRange(name: string, [low, high]: readonly [number, number]): void {
  if (!(low > 0 && low <= high && Number.isFinite(high))) {
    throw new RangeError(`[randomResizedCropBox] expected ${name} to be a positive range, got [${low}, ${high}]`);
  }
}
