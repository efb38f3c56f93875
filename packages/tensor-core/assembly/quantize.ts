// Rows of whole numbers for products of small integers: each row has a scale of its own, x = scale * (q - offset).
import { Window, windowRow } from "./im2col";
import { at, maxLanes, sumLanes } from "./lanes";
import { loadTail } from "./tail";

/** Largest 16-bit value: sums of 64 products, 5792^2 * 64, stay below 2^31. */
export const LIMIT16: f32 = 5792;
// 8-bit factors on the left have 7 bits and no sign, as the engines' product of bytes asks for: where a row has values
// below zero, the middle stands for zero.
const LIMIT7: f32 = 127;
const MIDDLE: f32 = 64;
// On the right they have a sign.
const LIMIT8: f32 = 127;

/** Bytes of a value, as the host says them. */
export const INT16: i32 = 2;

/**
 * Panels [begin, end) of x [M, K]: four rows of values of `bytes` (2 or 1), in words of 32 bits, [pitch * bytes / 4][4],
 * rows beyond M as zeros; with every row's scale, and in `more` a number of each: for 16 bits the sum of its absolute values,
 * which bounds errors, for 8 bits its offset. A row with a value that is not finite gets a scale that is none. `scratch` holds
 * a row of `pitch` values and K floats for each thread.
 */
export function quantizeRows(
  x: usize, panels: usize, scales: usize, more: usize, M: i32, K: i32, pitch: i32, bytes: i32, scratch: usize,
  begin: i32, end: i32, thread: i32,
): void {
  quantizePanels(x, 0, 0, panels, scales, more, M, K, pitch, bytes, scratch, begin, end, thread);
}

/** The same for the rows of an image under a filter: positions from `first` on of a window (im2col.ts). */
export function quantizeWindows(
  image: usize, window: usize, first: i32, panels: usize, scales: usize, more: usize, M: i32, K: i32, pitch: i32,
  bytes: i32, scratch: usize, begin: i32, end: i32, thread: i32,
): void {
  quantizePanels(image, window, first, panels, scales, more, M, K, pitch, bytes, scratch, begin, end, thread);
}

function quantizePanels(
  x: usize, window: usize, first: i32, panels: usize, scales: usize, more: usize, M: i32, K: i32, pitch: i32,
  bytes: i32, scratch: usize, begin: i32, end: i32, thread: i32,
): void {
  const words = (pitch * bytes) >> 2;
  const row = at(scratch, thread * (words + K));
  const values = at(row, words);
  for (let m = begin << 2; m < end << 2; m++) {
    let from = at(x, m * K);
    if (window != 0 && m < M) {
      windowRow(x, changetype<Window>(window), first + m, 0, K, values);
      from = values;
    }
    const depth = m < M ? K : 0;
    if (bytes == INT16) quantizeRow16(from, row, at(scales, m), at(more, m), depth, pitch);
    else quantizeRow7(from, row, at(scales, m), at(more, m), depth, pitch);
    spreadRow(row, at(panels, (m >> 2) * words * 4 + (m & 3)), words, 4);
  }
}

// Words of a row to their places in a panel of `width` rows.
// @ts-ignore: decorator
@inline function spreadRow(row: usize, to: usize, words: i32, width: i32): void {
  for (let word = 0; word < words; word++) store<u32>(at(to, width * word), load<u32>(at(row, word)));
}

/** One row in 16 bits, with the sum of its absolute values. */
function quantizeRow16(x: usize, q: usize, scale: usize, norm: usize, K: i32, pitch: i32): void {
  let largest = f32x4.splat(0);
  let sum = f32x4.splat(0);
  for (let k = 0; k < K; k += 4) {
    const size = f32x4.abs(load4(x, k, K));
    // Not pmax: a value that is no number has to stay.
    largest = f32x4.max(largest, size);
    sum = f32x4.add(sum, size);
  }
  const most = largestOrNaN(largest);
  store<f32>(scale, most / LIMIT16);
  store<f32>(norm, sumLanes(sum));
  const factor = f32x4.splat(most > 0 ? LIMIT16 / most : 0);
  for (let k = 0; k < pitch; k += 8) v128.store(q + ((<usize>k) << 1), round8(x, k, K, factor, 0));
}

function quantizeRow7(x: usize, q: usize, scale: usize, offset: usize, K: i32, pitch: i32): void {
  let largest = f32x4.splat(0);
  let least = f32x4.splat(0);
  for (let k = 0; k < K; k += 4) {
    const value = load4(x, k, K);
    largest = f32x4.max(largest, value);
    least = f32x4.min(least, value);
  }
  const high = largestOrNaN(largest);
  const low = -largestOrNaN(f32x4.neg(least));
  const signed = low < 0;
  const limit: f32 = signed ? LIMIT7 - MIDDLE : LIMIT7;
  const most = max(high, -low);
  store<f32>(scale, most / limit);
  store<f32>(offset, signed ? MIDDLE : 0);
  quantizeBytes(x, q, K, pitch, most > 0 ? limit / most : 0, signed ? <i32>MIDDLE : 0);
}

/** One row in 8 bits with a sign, with the sum of its whole numbers. */
function quantizeRow8(x: usize, q: usize, scale: usize, sum: usize, K: i32, pitch: i32): void {
  let largest = f32x4.splat(0);
  for (let k = 0; k < K; k += 4) largest = f32x4.max(largest, f32x4.abs(load4(x, k, K)));
  const most = largestOrNaN(largest);
  store<f32>(scale, most / LIMIT8);
  quantizeBytes(x, q, K, pitch, most > 0 ? LIMIT8 / most : 0, 0);
  let total = i32x4.splat(0);
  for (let k: usize = 0; k < <usize>pitch; k += 16) {
    total = i32x4.add(total, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v128.load(q + k))));
  }
  store<f32>(sum, sumLanes(f32x4.convert_i32x4_s(total)));
}

function quantizeBytes(x: usize, q: usize, K: i32, pitch: i32, factor: f32, offset: i32): void {
  const scale = f32x4.splat(factor);
  for (let k = 0; k < pitch; k += 16) {
    v128.store(q + k, i8x16.narrow_i16x8_s(round8(x, k, K, scale, offset), round8(x, k + 8, K, scale, offset)));
  }
}

// Eight values from k as 16-bit whole numbers; zeros beyond K.
// @ts-ignore: decorator
@inline function round8(x: usize, k: i32, K: i32, factor: v128, offset: i32): v128 {
  const low = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(load4(x, k, K), factor)));
  const high = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(load4(x, k + 4, K), factor)));
  return i16x8.add(i16x8.narrow_i32x4_s(low, high), i16x8.splat(<i16>offset));
}

// @ts-ignore: decorator
@inline function load4(x: usize, k: i32, K: i32): v128 {
  if (k + 4 <= K) return v128.load(at(x, k));
  return k < K ? loadTail(at(x, k), K - k, 0) : f32x4.splat(0);
}

function largestOrNaN(v: v128): f32 {
  return v128.any_true(f32x4.ne(v, v)) ? NaN : maxLanes(v);
}

/**
 * Panels [begin, end) of a weight [N, K]: `width` rows as words of 32 bits, [pitch * bytes / 4][width], rows beyond N as
 * zeros, with every row's scale and its norm (16 bits) or sum (8 bits) in `more`. `scratch` holds one row for each thread.
 */
export function packRows(
  weight: usize, panels: usize, scales: usize, more: usize, N: i32, K: i32, pitch: i32, bytes: i32, width: i32,
  scratch: usize, begin: i32, end: i32, thread: i32,
): void {
  const words = (pitch * bytes) >> 2;
  const row = at(scratch, thread * words);
  for (let panel = begin; panel < end; panel++) {
    const to = at(panels, panel * words * width);
    for (let i = 0; i < width; i++) {
      const n = panel * width + i;
      // Rows beyond the last have no values, so all of theirs are zero.
      const from = at(weight, min(n, N - 1) * K);
      const depth = n < N ? K : 0;
      if (bytes == INT16) quantizeRow16(from, row, at(scales, n), at(more, n), depth, pitch);
      else quantizeRow8(from, row, at(scales, n), at(more, n), depth, pitch);
      spreadRow(row, at(to, i), words, width);
    }
  }
}
