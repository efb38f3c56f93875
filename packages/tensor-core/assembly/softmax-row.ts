// The softmax of one row, in three passes over it. Shared by the softmax op and by attention.
import { at, exp4, maxLanes, multiplyAdd, sumLanes } from "./lanes";
import { logOfNormal4 } from "./logarithm";
import { loadTail, storeTail } from "./tail";

/**
 * y = softmax(x * scale + bias) of `width` values, `bias` 0 for none; y may be x. `logSumExp`, unless 0, gets the largest value
 * and ln(sum(exp(value - largest))).
 */
export function softmaxRow(x: usize, scale: f32, bias: usize, y: usize, logSumExp: usize, width: i32): void {
  const largest = scaleAndAdd(x, scale, bias, y, width);
  const sum = exponentials(y, largest, width);
  const factor: f32 = <f32>1 / sum;
  const factors = f32x4.splat(factor);
  let i = 0;
  for (; i + 4 <= width; i += 4) v128.store(at(y, i), f32x4.mul(v128.load(at(y, i)), factors));
  for (; i < width; i++) store<f32>(at(y, i), load<f32>(at(y, i)) * factor);
  if (!logSumExp) return;
  store<f32>(logSumExp, largest);
  // The sum is at least 1, the exponential of the largest.
  store<f32>(logSumExp, f32x4.extract_lane(logOfNormal4(f32x4.splat(sum)), 0), 4);
}

/** y = x * scale + bias, `bias` 0 for none. Returns the largest value; a NaN makes it NaN, and so the whole row. */
export function scaleAndAdd(x: usize, scale: f32, bias: usize, y: usize, width: i32): f32 {
  return bias ? scaleAndShift(x, scale, bias, y, width) : scaleOnly(x, scale, y, width);
}

function scaleAndShift(x: usize, scale: f32, bias: usize, y: usize, width: i32): f32 {
  const scales = f32x4.splat(scale);
  let largest = f32x4.splat(-Infinity);
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const value = multiplyAdd(v128.load(at(x, i)), scales, v128.load(at(bias, i)));
    v128.store(at(y, i), value);
    largest = f32x4.max(largest, value);
  }
  if (i < width) {
    const value = multiplyAdd(loadTail(at(x, i), width - i, 0), scales, loadTail(at(bias, i), width - i, -Infinity));
    storeTail(at(y, i), value, width - i);
    largest = f32x4.max(largest, value);
  }
  return maxLanes(largest);
}

function scaleOnly(x: usize, scale: f32, y: usize, width: i32): f32 {
  const scales = f32x4.splat(scale);
  let largest = f32x4.splat(-Infinity);
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const value = f32x4.mul(v128.load(at(x, i)), scales);
    v128.store(at(y, i), value);
    largest = f32x4.max(largest, value);
  }
  if (i < width) {
    const value = f32x4.mul(loadTail(at(x, i), width - i, -Infinity), scales);
    storeTail(at(y, i), value, width - i);
    largest = f32x4.max(largest, value);
  }
  return maxLanes(largest);
}

// y = exp(y - largest); returns their sum.
function exponentials(y: usize, largest: f32, width: i32): f32 {
  const shift = f32x4.splat(largest);
  let sums = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const value = exp4(f32x4.sub(v128.load(at(y, i)), shift));
    v128.store(at(y, i), value);
    sums = f32x4.add(sums, value);
  }
  if (i < width) {
    const value = exp4(f32x4.sub(loadTail(at(y, i), width - i, -Infinity), shift));
    storeTail(at(y, i), value, width - i);
    sums = f32x4.add(sums, value);
  }
  return sumLanes(sums);
}
