// Resizing equal to Pillow's to the last bit (libImaging/Resample.c): a horizontal pass, then a vertical one, each in
// 22-bit fixed point and rounded to bytes. BEiT's two views are made with it (bicubic and Lanczos, unilm beit/transforms.py).
import { checkImage, type Box, type Image } from "./image.ts";
import {
  isResizeFilter,
  resampleWeights,
  WEIGHT_BITS,
  type ResampleWeights,
  type ResizeFilter,
} from "./resample-weights.ts";

export type ResizeOptions = {
  readonly width: number;
  readonly height: number;
  readonly filter: ResizeFilter;
  /** Part of the source to use, in pixels, fractions allowed; the whole image by default. */
  readonly box?: Box;
};

const HALF = 1 << (WEIGHT_BITS - 1);

/**
 * Resizes like `PIL.Image.resize((width, height), filter, box)` of Pillow up to 11, the versions BEiT was trained with.
 * (Pillow 12 and 13 swap the passes of images that lose much more height than width: bytes there differ by rounding.)
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
  const columns = resampleWeights(image.width, left, right, width, filter);
  const rows = resampleWeights(image.height, top, bottom, height, filter);
  if (!vertical) return resizeColumns(image, columns, 0, image.height);
  if (!horizontal) return resizeRows(image, rows, 0);
  // Only the source rows that the vertical pass reads go through the horizontal one.
  const firstRow = rows.first[0];
  const lastRow = rows.first[height - 1] + rows.count[height - 1];
  return resizeRows(resizeColumns(image, columns, firstRow, lastRow - firstRow), rows, firstRow);
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

function resizeColumns(image: Image, weights: ResampleWeights, firstRow: number, rowCount: number): Image {
  const { channels, data } = image;
  const width = weights.first.length;
  const out = new Uint8ClampedArray(width * rowCount * channels);
  const pass = channels === 1 ? grayRow : rgbRow;
  for (let y = 0; y < rowCount; y++) {
    pass(out, y * width * channels, data, (firstRow + y) * image.width * channels, weights);
  }
  return { width, height: rowCount, channels, data: new Uint8Array(out.buffer) };
}

function grayRow(out: Uint8ClampedArray, to: number, data: Uint8Array, from: number, table: ResampleWeights): void {
  const { first, count, weights, stride } = table;
  for (let x = 0; x < first.length; x++) {
    let sum = HALF;
    let p = from + first[x];
    const end = p + count[x];
    for (let w = x * stride; p < end; p++, w++) sum += Math.imul(data[p], weights[w]);
    out[to + x] = sum >> WEIGHT_BITS;
  }
}

function rgbRow(out: Uint8ClampedArray, to: number, data: Uint8Array, from: number, table: ResampleWeights): void {
  const { first, count, weights, stride } = table;
  for (let x = 0; x < first.length; x++) {
    let red = HALF;
    let green = HALF;
    let blue = HALF;
    let p = from + first[x] * 3;
    const end = p + count[x] * 3;
    for (let w = x * stride; p < end; w++, p += 3) {
      const weight = weights[w];
      red += Math.imul(data[p], weight);
      green += Math.imul(data[p + 1], weight);
      blue += Math.imul(data[p + 2], weight);
    }
    out[to + x * 3] = red >> WEIGHT_BITS;
    out[to + x * 3 + 1] = green >> WEIGHT_BITS;
    out[to + x * 3 + 2] = blue >> WEIGHT_BITS;
  }
}

function resizeRows(image: Image, table: ResampleWeights, firstRow: number): Image {
  const { width, channels, data } = image;
  const { first, count, weights, stride } = table;
  const rowLength = width * channels;
  const out = new Uint8ClampedArray(rowLength * first.length);
  for (let y = 0; y < first.length; y++) {
    const from = (first[y] - firstRow) * rowLength;
    const end = from + count[y] * rowLength;
    for (let i = 0; i < rowLength; i++) {
      let sum = HALF;
      for (let p = from + i, w = y * stride; p < end; p += rowLength, w++) sum += Math.imul(data[p], weights[w]);
      out[y * rowLength + i] = sum >> WEIGHT_BITS;
    }
  }
  return { width, height: first.length, channels, data: new Uint8Array(out.buffer) };
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
  if (!isResizeFilter(filter)) throw new RangeError(`[resize] expected bilinear, bicubic or lanczos, got ${filter}`);
}
