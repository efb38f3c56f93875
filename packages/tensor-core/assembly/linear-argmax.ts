// Index of the largest x w + bias, exactly, from products of 16-bit integers: each is off by at most a known amount, so only
// columns that could be the largest are computed again, in double precision.
import { EXACT_WORDS } from "./integer-product";
import { at, maxLanes } from "./lanes";
import { LIMIT16 } from "./quantize";

// The largest relative error of one operation on floats.
const ROUNDING: f32 = 6e-8;

/**
 * Rows [begin, end). `coarse` [M, N] is from multiplyQuantized, 16 bits, and off by at most half a step of either factor at
 * every place: |error| <= rowScale * columnNorm / 2 + columnScale * (rowNorm + K rowScale / 2) / 2, and rounding: sums of
 * blocks are at most LIMIT16 steps times a norm, and so are their errors, each times ROUNDING.
 */
export function linearArgmaxForward(
  x: usize, weight: usize, bias: usize, coarse: usize, rowScales: usize, rowNorms: usize, columnScales: usize,
  columnNorms: usize, index: usize, N: i32, K: i32, begin: i32, end: i32, thread: i32,
): void {
  // Half a step, and as much again as rounding of K / (2 EXACT_WORDS) sums and of the bound itself may come to.
  const half: f32 = <f32>0.501 + <f32>(K / (2 * EXACT_WORDS) + 4) * ROUNDING * LIMIT16;
  for (let row = begin; row < end; row++) {
    const scale = load<f32>(at(rowScales, row));
    const ofNorm: f32 = half * scale;
    const ofScale: f32 = half * (load<f32>(at(rowNorms, row)) + 0.5 * <f32>K * scale);
    const values = at(coarse, row * N);
    const least = leastLargest(values, columnNorms, columnScales, ofNorm, ofScale, N);
    let best = 0;
    let largest: f64 = -Infinity;
    for (let n = 0; n < N; n++) {
      const value = load<f32>(at(values, n));
      const error = errorOf(value, load<f32>(at(columnNorms, n)), load<f32>(at(columnScales, n)), ofNorm, ofScale);
      // Also what is no number at all is looked at again.
      if (value + error < least) continue;
      const exact = exactValue(at(x, row * K), at(weight, n * K), bias ? load<f32>(at(bias, n)) : 0, K);
      // The first that is no number goes before all.
      if (isNaN(exact)) {
        best = n;
        break;
      }
      if (exact > largest) {
        largest = exact;
        best = n;
      }
    }
    store<i32>(at(index, row), best);
  }
}

// @ts-ignore: decorator
@inline function errorOf(value: f32, norm: f32, scale: f32, ofNorm: f32, ofScale: f32): f32 {
  return ofNorm * norm + ofScale * scale + <f32>4e-7 * abs(value);
}

/** The largest of what the values are at least. */
function leastLargest(values: usize, norms: usize, scales: usize, ofNorm: f32, ofScale: f32, N: i32): f32 {
  const perNorm = f32x4.splat(ofNorm);
  const perScale = f32x4.splat(ofScale);
  let largest = f32x4.splat(-Infinity);
  let n = 0;
  for (; n + 4 <= N; n += 4) {
    const value = v128.load(at(values, n));
    let error = f32x4.mul(f32x4.abs(value), f32x4.splat(4e-7));
    error = f32x4.add(error, f32x4.mul(v128.load(at(norms, n)), perNorm));
    error = f32x4.add(error, f32x4.mul(v128.load(at(scales, n)), perScale));
    largest = f32x4.pmax(largest, f32x4.sub(value, error));
  }
  let least = maxLanes(largest);
  for (; n < N; n++) {
    const value = load<f32>(at(values, n));
    const error = errorOf(value, load<f32>(at(norms, n)), load<f32>(at(scales, n)), ofNorm, ofScale);
    if (value - error > least) least = value - error;
  }
  return least;
}

function exactValue(x: usize, weight: usize, bias: f32, K: i32): f64 {
  let sum: f64 = bias;
  for (let k = 0; k < K; k++) sum += <f64>load<f32>(at(x, k)) * <f64>load<f32>(at(weight, k));
  return sum;
}
