// The filter's side of winograd.ts: G g Gt of every 3 x 3 filter, in float64 because it is done once, laid out as the right
// factors of 36 matrix products, [36][channels / depth][outputs / 8][depth][8].
import { packPanels } from "./gemm-pack";
import { at } from "./lanes";

const WIDTH: i32 = 8;
// Channels packed at a time, so that whole cache lines of the filter are read and whole ones of the planes written.
const STRIP: i32 = 32;
// Scratch of one thread: a strip by taps, [9][STRIP][WIDTH]; then 6 x 3 values between the axes, of four filters in float64.
const TAP: i32 = STRIP * WIDTH * 4;
const STEPS: i32 = 9 * TAP;

/** Bytes of scratch for one thread. */
export function winogradFilterScratchBytes(): i32 {
  return STEPS + 18 * 32;
}

/**
 * Panels of 8 outputs [begin, end) of filter [outputs, 3, 3, channels]; `depth` and `plane` as in Tiling, missing
 * outputs are zeros.
 */
export function winogradFilter(
  filter: usize, to: usize, channels: i32, outputs: i32, depth: i32, plane: i32, scratch: usize,
  begin: i32, end: i32, thread: i32,
): void {
  const own = scratch + thread * winogradFilterScratchBytes();
  const width = (outputs + WIDTH - 1) & ~(WIDTH - 1);
  for (let output = begin * WIDTH; output < end * WIDTH; output += WIDTH) {
    const lanes = min(WIDTH, outputs - output);
    for (let first = 0; first < channels; first += depth) {
      const last = min(channels, first + depth);
      let entry = at(to, first * width + output * (last - first));
      for (let channel = first; channel < last; channel += STRIP) {
        const count = min(STRIP, last - channel);
        for (let tap = 0; tap < 9; tap++) {
          const values = at(filter, (output * 9 + tap) * channels + channel);
          packPanels(values, 9 * channels, 1, lanes, count, own + tap * TAP, WIDTH, 0);
        }
        for (let values = own; values < at(own, count * WIDTH); values += 16) {
          transformFilters(values, entry, plane, own + STEPS);
          entry += 16;
        }
      }
    }
  }
}

// 3 x 3 values of four filters, TAP bytes apart, become 6 x 6, `plane` bytes apart.
function transformFilters(from: usize, to: usize, plane: i32, steps: usize): void {
  for (let step = steps; step < steps + 96; step += 32) {
    transformColumn(from, step);
    from += TAP;
  }
  for (let step = steps; step < steps + 576; step += 96) {
    transformRow(step, to, plane);
    to += 6 * plane;
  }
}

// Rows of G: (1, p, p^2) over the product of the distances of the point p from the others, for 0, +-a, +-b; then infinity.
// @ts-ignore: decorator
@inline const A2: f64 = 0.390625;
// @ts-ignore: decorator
@inline const B2: f64 = 2.25;
// @ts-ignore: decorator
@inline const AT_ZERO: f64 = 1 / (A2 * B2);
// @ts-ignore: decorator
@inline const EVEN_A: f64 = 1 / (2 * A2 * (A2 - B2));
// @ts-ignore: decorator
@inline const ODD_A: f64 = 0.625 / (2 * A2 * (A2 - B2));
// @ts-ignore: decorator
@inline const EVEN_B: f64 = 1 / (2 * B2 * (B2 - A2));
// @ts-ignore: decorator
@inline const ODD_B: f64 = 1.5 / (2 * B2 * (B2 - A2));

// Three rows of four floats, 3 TAP apart, become six of doubles, 96 bytes apart.
function transformColumn(from: usize, to: usize): void {
  const g0 = v128.load(from);
  const g1 = v128.load(from, 3 * TAP);
  const g2 = v128.load(from, 6 * TAP);
  transformPairs(f64x2.promote_low_f32x4(g0), f64x2.promote_low_f32x4(g1), f64x2.promote_low_f32x4(g2), to);
  transformPairs(promoteHigh(g0), promoteHigh(g1), promoteHigh(g2), to + 16);
}

// @ts-ignore: decorator
@inline function transformPairs(g0: v128, g1: v128, g2: v128, to: usize): void {
  const even0 = even(g0, g2, A2, EVEN_A);
  const odd0 = scale(g1, ODD_A);
  const even1 = even(g0, g2, B2, EVEN_B);
  const odd1 = scale(g1, ODD_B);
  v128.store(to, scale(g0, AT_ZERO));
  v128.store(to, f64x2.add(even0, odd0), 96);
  v128.store(to, f64x2.sub(even0, odd0), 192);
  v128.store(to, f64x2.add(even1, odd1), 288);
  v128.store(to, f64x2.sub(even1, odd1), 384);
  v128.store(to, g2, 480);
}

// Three times four doubles become six times four floats, `plane` apart.
function transformRow(from: usize, to: usize, plane: i32): void {
  const g0 = v128.load(from);
  const h0 = v128.load(from, 16);
  const g1 = v128.load(from, 32);
  const h1 = v128.load(from, 48);
  const g2 = v128.load(from, 64);
  const h2 = v128.load(from, 80);
  storeFour(to, scale(g0, AT_ZERO), scale(h0, AT_ZERO));
  storeSumAndDifference(to + plane, plane, even(g0, g2, A2, EVEN_A), even(h0, h2, A2, EVEN_A), scale(g1, ODD_A), scale(h1, ODD_A));
  storeSumAndDifference(to + 3 * plane, plane, even(g0, g2, B2, EVEN_B), even(h0, h2, B2, EVEN_B), scale(g1, ODD_B), scale(h1, ODD_B));
  storeFour(to + 5 * plane, g2, h2);
}

// @ts-ignore: decorator
@inline function storeSumAndDifference(to: usize, plane: i32, evenLow: v128, evenHigh: v128, oddLow: v128, oddHigh: v128): void {
  storeFour(to, f64x2.add(evenLow, oddLow), f64x2.add(evenHigh, oddHigh));
  storeFour(to + plane, f64x2.sub(evenLow, oddLow), f64x2.sub(evenHigh, oddHigh));
}

// @ts-ignore: decorator
@inline function storeFour(to: usize, low: v128, high: v128): void {
  v128.store(to, v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2));
}

// @ts-ignore: decorator
@inline function even(g0: v128, g2: v128, square: f64, factor: f64): v128 {
  return scale(f64x2.add(g0, scale(g2, square)), factor);
}

// @ts-ignore: decorator
@inline function promoteHigh(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1));
}

// @ts-ignore: decorator
@inline function scale(v: v128, factor: f64): v128 {
  return f64x2.mul(v, f64x2.splat(factor));
}
