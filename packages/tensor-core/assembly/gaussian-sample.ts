// Reparameterized Gaussian sample, elements [begin, end): z = mean + exp(logVariance / 2) * noise.
import { at, exp4Once, multiplyAdd } from "./lanes";
import { loadTail, storeTail } from "./tail";

export function gaussianSampleForward(
  mean: usize, logVariance: usize, noise: usize, z: usize, begin: i32, end: i32, thread: i32,
): void {
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    const deviation = deviation4(v128.load(at(logVariance, i)));
    v128.store(at(z, i), multiplyAdd(deviation, v128.load(at(noise, i)), v128.load(at(mean, i))));
  }
  if (i == end) return;
  const count = end - i;
  const deviation = deviation4(loadTail(at(logVariance, i), count, 0));
  storeTail(at(z, i), multiplyAdd(deviation, loadTail(at(noise, i), count, 0), loadTail(at(mean, i), count, 0)), count);
}

/** Each of dmean (= dz), dlogVariance and dnoise where asked for. */
export function gaussianSampleBackward(
  dz: usize, logVariance: usize, noise: usize, dmean: usize, dlogVariance: usize, dnoise: usize,
  begin: i32, end: i32, thread: i32,
): void {
  if (dmean) memory.copy(at(dmean, begin), at(dz, begin), (<usize>(end - begin)) << 2);
  if (!dlogVariance && !dnoise) return;
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    const slope = f32x4.mul(v128.load(at(dz, i)), deviation4(v128.load(at(logVariance, i))));
    if (dnoise) v128.store(at(dnoise, i), slope);
    if (dlogVariance) v128.store(at(dlogVariance, i), half(f32x4.mul(slope, v128.load(at(noise, i)))));
  }
  if (i == end) return;
  const count = end - i;
  const slope = f32x4.mul(loadTail(at(dz, i), count, 0), deviation4(loadTail(at(logVariance, i), count, 0)));
  if (dnoise) storeTail(at(dnoise, i), slope, count);
  if (dlogVariance) storeTail(at(dlogVariance, i), half(f32x4.mul(slope, loadTail(at(noise, i), count, 0))), count);
}

// @ts-ignore: decorator
@inline function deviation4(logVariance: v128): v128 {
  return exp4Once(half(logVariance));
}

// @ts-ignore: decorator
@inline function half(v: v128): v128 {
  return f32x4.mul(v, f32x4.splat(0.5));
}
