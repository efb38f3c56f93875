// KL divergence from the standard normal: sums over chunks [begin, end) of the elements, gradients of elements [begin, end).
import { at, exp4Once } from "./lanes";
import { addDoubles, CHUNK, sumDoubles } from "./doubles";
import { loadTail, storeTail } from "./tail";

/** Sums of mean^2 + exp(logVariance) - logVariance - 1. */
export function klToNormalForward(
  mean: usize, logVariance: usize, partials: usize, size: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let chunk = begin; chunk < end; chunk++) {
    const last = min(size, (chunk + 1) * CHUNK);
    let sums = f64x2.splat(0);
    let i = chunk * CHUNK;
    for (; i + 4 <= last; i += 4) sums = addDoubles(sums, excess4(v128.load(at(mean, i)), v128.load(at(logVariance, i))));
    const left = last - i;
    // Lanes beyond the tail hold the standard normal itself.
    if (left > 0) {
      sums = addDoubles(sums, excess4(loadTail(at(mean, i), left, 0), loadTail(at(logVariance, i), left, 0)));
    }
    store<f64>(partials + ((<usize>chunk) << 3), sumDoubles(sums));
  }
}

// @ts-ignore: decorator
@inline function excess4(mean: v128, logVariance: v128): v128 {
  const spread = f32x4.sub(f32x4.sub(exp4Once(logVariance), f32x4.splat(1)), logVariance);
  return f32x4.add(f32x4.mul(mean, mean), spread);
}

export function klToNormalBackward(
  dloss: usize, mean: usize, logVariance: usize, dmean: usize, dlogVariance: usize, batch: i32,
  begin: i32, end: i32, thread: i32,
): void {
  const scale = f32x4.splat(load<f32>(dloss) / <f32>batch);
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    if (dmean) v128.store(at(dmean, i), f32x4.mul(scale, v128.load(at(mean, i))));
    if (dlogVariance) v128.store(at(dlogVariance, i), slope4(scale, v128.load(at(logVariance, i))));
  }
  if (i == end) return;
  const count = end - i;
  if (dmean) storeTail(at(dmean, i), f32x4.mul(scale, loadTail(at(mean, i), count, 0)), count);
  if (dlogVariance) storeTail(at(dlogVariance, i), slope4(scale, loadTail(at(logVariance, i), count, 0)), count);
}

// @ts-ignore: decorator
@inline function slope4(scale: v128, logVariance: v128): v128 {
  return f32x4.mul(f32x4.mul(scale, f32x4.splat(0.5)), f32x4.sub(exp4Once(logVariance), f32x4.splat(1)));
}
