// Affine transforms equal to Pillow's `Image.transform` with bicubic filtering, byte for byte (libImaging/Geometry.c): the cubic has
// a = -1 here, where resizing has -0.5. RandAugment shears, shifts and turns images with them.
import { checkPicture, type ByteImage, type Image } from "./image.ts";

/** A point (x, y) of the output shows (a x + b y + c, d x + e y + f) of the image, in pixels from the upper left corner: [a, b, c, d, e, f]. */
export type AffineMatrix = readonly [number, number, number, number, number, number];

/**
 * The image seen through a matrix, in its own size.
 *
 * @param fill what is beyond its edges: a byte a channel
 * @throws RangeError for channels that are no colors, samples of 16 bits, a matrix that is not finite, or a fill of another length
 */
export function affine(image: Image, matrix: AffineMatrix, fill: readonly number[]): ByteImage {
  checkPicture("affine", image);
  if (!matrix.every(Number.isFinite))
    throw new RangeError(`[affine] expected finite numbers, got ${matrix.join(", ")}`);
  const { width, height, channels } = image;
  if (fill.length !== channels) {
    throw new RangeError(`[affine] expected a fill of ${channels} bytes, one a channel, got ${fill.length}`);
  }
  const [a, b, c, d, e, f] = matrix;
  const data = new Uint8Array(image.data.length);
  const columns = new Int32Array(4);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += channels) {
      const [left, top] = [a * (x + 0.5) + b * (y + 0.5) + c, d * (x + 0.5) + e * (y + 0.5) + f];
      if (left < 0 || left >= width || top < 0 || top >= height) data.set(fill, to);
      else cubicPixel(image, left - 0.5, top - 0.5, columns, data, to);
    }
  }
  return { width, height, channels, data };
}

/**
 * The image turned about its center, counter-clockwise for positive angles, in its own size: Pillow's `Image.rotate`.
 *
 * @throws RangeError as `affine`
 */
export function rotate(image: Image, degrees: number, fill: readonly number[]): ByteImage {
  const { width, height } = image;
  const angle = -(modulo(degrees, 360) * (Math.PI / 180));
  const [cos, sin, minusSin] = [Math.cos(angle), Math.sin(angle), -Math.sin(angle)].map((value) =>
    Number(value.toFixed(15)),
  );
  const [x, y] = [width / 2, height / 2];
  return affine(image, [cos, sin, -x * cos + -y * sin + x, minusSin, cos, -x * minusSin + -y * cos + y], fill);
}

// Python's: of the sign of the divisor.
function modulo(value: number, divisor: number): number {
  const rest = value % divisor;
  return rest < 0 ? rest + divisor : rest;
}

// 4 x 4 taps around a place, those beyond the edges taken from it: rows first, in float64, cut to a byte.
function cubicPixel(
  { width, height, channels, data }: ByteImage,
  left: number,
  top: number,
  columns: Int32Array,
  out: Uint8Array,
  to: number,
): void {
  const [column, row] = [Math.floor(left), Math.floor(top)];
  const [dx, dy] = [left - column, top - row];
  for (let tap = 0; tap < 4; tap++) columns[tap] = clip(column - 1 + tap, width) * channels;
  const lineOf = (tap: number): number => clip(row - 1 + tap, height) * width * channels;
  const [line0, line1, line2, line3] = [lineOf(0), lineOf(1), lineOf(2), lineOf(3)];
  const [x0, x1, x2, x3] = columns;
  for (let c = 0; c < channels; c++) {
    const across = (line: number): number => {
      const from = line + c;
      return cubic(data[from + x0], data[from + x1], data[from + x2], data[from + x3], dx);
    };
    const value = cubic(across(line0), across(line1), across(line2), across(line3), dy);
    out[to + c] = Math.trunc(Math.min(255, Math.max(0, value)));
  }
}

// In Pillow's order of operations, so that it rounds alike.
function cubic(v1: number, v2: number, v3: number, v4: number, t: number): number {
  const p2 = -v1 + v3;
  const p3 = 2 * (v1 - v2) + v3 - v4;
  const p4 = -v1 + v2 - v3 + v4;
  return v2 + t * (p2 + t * (p3 + t * p4));
}

function clip(value: number, size: number): number {
  return Math.min(size - 1, Math.max(0, value));
}
