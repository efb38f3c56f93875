// KL divergence of softmax(logits) from uniform, rows [begin, end). With d = z - max, S = sum e^d and W = sum e^d d:
// log-sum-exp = max + ln S and the divergence is W / S - ln S + ln V, in one pass after the maximum.
import { at, exp4, exp4Once, maxLanes, multiplyAdd, sumLanes } from "./lanes";
import { log4 } from "./logarithm";
import { loadTail, storeTail } from "./tail";

export function klToUniformForward(
  logits: usize, logSumExp: usize, divergence: usize, width: i32, begin: i32, end: i32, thread: i32,
): void {
  const logWidth = logarithm(<f32>width);
  for (let row = begin; row < end; row++) {
    const from = at(logits, row * width);
    const largest = largestOf(from, width);
    const shift = f32x4.splat(largest);
    let sums = f32x4.splat(0);
    let weighted = f32x4.splat(0);
    let i = 0;
    for (; i + 4 <= width; i += 4) {
      const d = f32x4.sub(v128.load(at(from, i)), shift);
      const e = exp4(d);
      sums = f32x4.add(sums, e);
      weighted = multiplyAdd(e, d, weighted);
    }
    let sum = sumLanes(sums);
    let weightedSum = sumLanes(weighted);
    for (; i < width; i++) {
      const d = load<f32>(at(from, i)) - largest;
      const e = f32x4.extract_lane(exp4Once(f32x4.splat(d)), 0);
      sum += e;
      weightedSum += e * d;
    }
    const logSum = logarithm(sum);
    store<f32>(at(logSumExp, row), largest + logSum);
    store<f32>(at(divergence, row), weightedSum / sum + (logWidth - logSum));
  }
}

export function largestOf(row: usize, width: i32): f32 {
  let largest = f32x4.splat(-Infinity);
  let i = 0;
  for (; i + 4 <= width; i += 4) largest = f32x4.max(largest, v128.load(at(row, i)));
  if (i < width) largest = f32x4.max(largest, loadTail(at(row, i), width - i, -Infinity));
  return maxLanes(largest);
}

// @ts-ignore: decorator
@inline function logarithm(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}

/** dlogits = dloss / rows * q * (ln q - sum q ln q). */
export function klToUniformBackward(
  dloss: usize, logits: usize, logSumExp: usize, divergence: usize, dlogits: usize, width: i32, rows: i32,
  begin: i32, end: i32, thread: i32,
): void {
  const scale = f32x4.splat(load<f32>(dloss) / <f32>rows);
  const logWidth = logarithm(<f32>width);
  for (let row = begin; row < end; row++) {
    const from = at(logits, row * width);
    const to = at(dlogits, row * width);
    const shift = f32x4.splat(load<f32>(at(logSumExp, row)));
    const center = f32x4.splat(load<f32>(at(divergence, row)) - logWidth);
    let i = 0;
    for (; i + 4 <= width; i += 4) {
      v128.store(at(to, i), gradient4(f32x4.sub(v128.load(at(from, i)), shift), center, scale));
    }
    if (i < width) {
      const logProbability = f32x4.sub(loadTail(at(from, i), width - i, 0), shift);
      storeTail(at(to, i), gradient4(logProbability, center, scale), width - i);
    }
  }
}

// @ts-ignore: decorator
@inline function gradient4(logProbability: v128, center: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.mul(scale, exp4(logProbability)), f32x4.sub(logProbability, center));
}
