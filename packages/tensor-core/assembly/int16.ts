// Products of 16-bit integers, twice as fast as of floats: rows of both factors are scaled to whole numbers up to LIMIT
// and multiplied exactly; sums of BLOCK products fit 32 bits and are added up as floats.
import { at, maxLanes, sumLanes } from "./lanes";
import { loadTail } from "./tail";

/** 2895^2 * 256 is just below 2^31. */
const LIMIT: f32 = 2895;
const BLOCK: i32 = 256;

/**
 * Rows [begin, end) of x [., K] as whole numbers in rows of `pitch` (K rounded up to 8), with their scales, x = scale * q,
 * and the sums of their absolute values. A row with a value that is not finite gets a scale that is none.
 */
export function quantizeRows(
  x: usize, q: usize, scales: usize, norms: usize, K: i32, pitch: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let row = begin; row < end; row++) {
    quantizeRow(at(x, row * K), q + ((<usize>row * <usize>pitch) << 1), at(scales, row), at(norms, row), K, pitch);
  }
}

function quantizeRow(x: usize, q: usize, scale: usize, norm: usize, K: i32, pitch: i32): void {
  let largest = f32x4.splat(0);
  let sum = f32x4.splat(0);
  for (let k = 0; k < K; k += 4) {
    const size = f32x4.abs(load4(x, k, K));
    // Not pmax: a value that is no number has to stay.
    largest = f32x4.max(largest, size);
    sum = f32x4.add(sum, size);
  }
  const most = largestOrNaN(largest);
  store<f32>(scale, most / LIMIT);
  store<f32>(norm, sumLanes(sum));
  const factor = f32x4.splat(most > 0 ? LIMIT / most : 0);
  for (let k = 0; k < pitch; k += 8) {
    const low = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(load4(x, k, K), factor)));
    const high = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(load4(x, k + 4, K), factor)));
    v128.store(q + ((<usize>k) << 1), i16x8.narrow_i32x4_s(low, high));
  }
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
 * Panels [begin, end) of a weight [N, K]: eight rows as [pitch / 2][8][2], rows beyond N as zeros, with the scale and the
 * norm of every row. `scratch` holds one row for each thread.
 */
export function packInt16(
  weight: usize, panels: usize, scales: usize, norms: usize, N: i32, K: i32, pitch: i32, scratch: usize,
  begin: i32, end: i32, thread: i32,
): void {
  const row = scratch + ((<usize>thread * <usize>pitch) << 1);
  for (let panel = begin; panel < end; panel++) {
    const to = panels + ((<usize>panel * <usize>pitch) << 4);
    for (let i = 0; i < 8; i++) {
      const n = 8 * panel + i;
      // Rows beyond the last have no values, so all of theirs are zero.
      quantizeRow(at(weight, min(n, N - 1) * K), row, at(scales, n), at(norms, n), n < N ? K : 0, pitch);
      for (let pair = 0; pair < pitch / 2; pair++) store<u32>(at(to, 8 * pair + i), load<u32>(at(row, pair)));
    }
  }
}

/** Columns of panels [begin, end): c [M, N] = scales * products + bias. `tiles` holds 128 bytes for each thread. */
export function linearInt16(
  q: usize, rowScales: usize, panels: usize, columnScales: usize, bias: usize, c: usize, M: i32, N: i32, pitch: i32,
  tiles: usize, begin: i32, end: i32, thread: i32,
): void {
  const tile = tiles + (<usize>thread << 7);
  const bytes = (<usize>pitch) << 1;
  for (let panel = begin; panel < end; panel++) {
    const right = panels + (<usize>panel * <usize>pitch << 4);
    for (let m = 0; m < M; m += 4) {
      // Rows beyond the last are the last again.
      const a = q + <usize>m * bytes;
      const b = q + <usize>min(m + 1, M - 1) * bytes;
      const d = q + <usize>min(m + 2, M - 1) * bytes;
      const e = q + <usize>min(m + 3, M - 1) * bytes;
      multiplyTile(a, b, d, e, right, pitch, tile);
      scaleTile(tile, rowScales, columnScales, bias, c, m, min(4, M - m), 8 * panel, N);
    }
  }
}

function multiplyTile(a: usize, b: usize, d: usize, e: usize, panel: usize, pitch: i32, tile: usize): void {
  for (let k = 0; k < pitch; k += BLOCK) {
    const pairs = min(BLOCK, pitch - k) >> 1;
    multiplyBlock(a, b, d, e, panel, pairs, tile, k > 0);
    const step = <usize>pairs << 2;
    a += step;
    b += step;
    d += step;
    e += step;
    panel += step << 3;
  }
}

function multiplyBlock(
  a: usize, b: usize, d: usize, e: usize, panel: usize, pairs: i32, tile: usize, more: bool,
): void {
  let s00 = i32x4.splat(0), s01 = i32x4.splat(0), s10 = i32x4.splat(0), s11 = i32x4.splat(0);
  let s20 = i32x4.splat(0), s21 = i32x4.splat(0), s30 = i32x4.splat(0), s31 = i32x4.splat(0);
  const end = a + (<usize>pairs << 2);
  while (a < end) {
    const p0 = v128.load(panel);
    const p1 = v128.load(panel, 16);
    const x0 = v128.load32_splat(a);
    s00 = i32x4.add(s00, i32x4.dot_i16x8_s(x0, p0));
    s01 = i32x4.add(s01, i32x4.dot_i16x8_s(x0, p1));
    const x1 = v128.load32_splat(b);
    s10 = i32x4.add(s10, i32x4.dot_i16x8_s(x1, p0));
    s11 = i32x4.add(s11, i32x4.dot_i16x8_s(x1, p1));
    const x2 = v128.load32_splat(d);
    s20 = i32x4.add(s20, i32x4.dot_i16x8_s(x2, p0));
    s21 = i32x4.add(s21, i32x4.dot_i16x8_s(x2, p1));
    const x3 = v128.load32_splat(e);
    s30 = i32x4.add(s30, i32x4.dot_i16x8_s(x3, p0));
    s31 = i32x4.add(s31, i32x4.dot_i16x8_s(x3, p1));
    a += 4;
    b += 4;
    d += 4;
    e += 4;
    panel += 32;
  }
  addSums(tile, s00, s01, more);
  addSums(tile + 32, s10, s11, more);
  addSums(tile + 64, s20, s21, more);
  addSums(tile + 96, s30, s31, more);
}

// @ts-ignore: decorator
@inline function addSums(to: usize, low: v128, high: v128, more: bool): void {
  let first = f32x4.convert_i32x4_s(low);
  let second = f32x4.convert_i32x4_s(high);
  if (more) {
    first = f32x4.add(v128.load(to), first);
    second = f32x4.add(v128.load(to, 16), second);
  }
  v128.store(to, first);
  v128.store(to, second, 16);
}

function scaleTile(
  tile: usize, rowScales: usize, columnScales: usize, bias: usize, c: usize, m: i32, rows: i32, column: i32, N: i32,
): void {
  const low = v128.load(at(columnScales, column));
  const high = v128.load(at(columnScales, column), 16);
  const columns = min(8, N - column);
  for (let i = 0; i < rows; i++) {
    const scale = f32x4.splat(load<f32>(at(rowScales, m + i)));
    const from = tile + (<usize>i << 5);
    v128.store(from, f32x4.mul(f32x4.mul(v128.load(from), low), scale));
    v128.store(from, f32x4.mul(f32x4.mul(v128.load(from, 16), high), scale), 16);
    const to = at(c, (m + i) * N + column);
    for (let j = 0; j < columns; j++) {
      store<f32>(at(to, j), load<f32>(at(from, j)) + (bias ? load<f32>(at(bias, column + j)) : 0));
    }
  }
}
