// Binary cross-entropy of logits: sums over chunks [begin, end) of the elements, and the gradient of elements [begin, end).
import { at, exp4 } from "./lanes";
import { addDoubles, CHUNK, sumDoubles } from "./doubles";
import { logOfParts4 } from "./logarithm";
import { loadUpTo, storeUpTo } from "./tail";

export function binaryCrossEntropyForward(
  logits: usize, targets: usize, weights: usize, partials: usize, size: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let chunk = begin; chunk < end; chunk++) {
    const last = min(size, (chunk + 1) * CHUNK);
    let sums = f64x2.splat(0);
    for (let i = chunk * CHUNK; i < last; i += 4) {
      const count = last - i;
      let loss = loss4(loadUpTo(at(logits, i), count, 0), loadUpTo(at(targets, i), count, 0));
      if (weights) loss = f32x4.mul(loss, loadUpTo(at(weights, i), count, 0));
      // A logit of 0 costs ln 2: lanes beyond the tail are none.
      if (count < 4) loss = v128.and(loss, firstLanes(count));
      sums = addDoubles(sums, loss);
    }
    store<f64>(partials + ((<usize>chunk) << 3), sumDoubles(sums));
  }
}

export function binaryCrossEntropyBackward(
  dloss: usize, logits: usize, targets: usize, weights: usize, dlogits: usize, dtargets: usize, dweights: usize, size: i32,
  begin: i32, end: i32, thread: i32,
): void {
  const scales = f32x4.splat(load<f32>(dloss) / <f32>size);
  for (let i = begin; i < end; i += 4) {
    const count = end - i;
    const x = loadUpTo(at(logits, i), count, 0);
    const y = loadUpTo(at(targets, i), count, 0);
    const slopes = weights ? f32x4.mul(scales, loadUpTo(at(weights, i), count, 0)) : scales;
    if (dlogits) storeUpTo(at(dlogits, i), f32x4.mul(slopes, f32x4.sub(sigmoid4(x), y)), count);
    if (dtargets) storeUpTo(at(dtargets, i), f32x4.neg(f32x4.mul(slopes, x)), count);
    if (dweights) storeUpTo(at(dweights, i), f32x4.mul(scales, loss4(x, y)), count);
  }
}

// max(x, 0) - x y + ln(1 + z) with z = exp(-|x|) in (0, 1]
// @ts-ignore: decorator
@inline function loss4(x: v128, y: v128): v128 {
  const z = exp4(f32x4.neg(f32x4.abs(x)));
  return f32x4.add(f32x4.sub(f32x4.max(x, f32x4.splat(0)), f32x4.mul(x, y)), logOfOneAnd4(z));
}

// ln(1 + z) keeps the digits of a small z: 1 + z is written as 2^e (1 + f) with f = z, or f = (z - 1) / 2 above sqrt(2).
// @ts-ignore: decorator
@inline function logOfOneAnd4(z: v128): v128 {
  const one = f32x4.splat(1);
  const upper = f32x4.gt(z, f32x4.splat(0.41421356));
  const f = v128.bitselect(f32x4.mul(f32x4.sub(z, one), f32x4.splat(0.5)), z, upper);
  return logOfParts4(f, v128.and(one, upper));
}

// @ts-ignore: decorator
@inline function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

// All bits of the first `count` lanes.
// @ts-ignore: decorator
@inline function firstLanes(count: i32): v128 {
  return i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3));
}
