// Logit-Laplace negative log-likelihood: sums over chunks [begin, end) of pixels, and the gradients of pixels [begin, end).
// Pixel p has C targets and 2C parameters: C times mu, then C times ln b. With three channels a pixel is one tail.
import { at, exp4 } from "./lanes";
import { log4 } from "./logarithm";
import { addDoubles, sumDoubles } from "./doubles";
import { loadUpTo, storeUpTo } from "./tail";

/** `perChunk` pixels make a chunk. */
export function logitLaplaceForward(
  parameters: usize, target: usize, partials: usize, channels: i32, pixels: i32, perChunk: i32,
  begin: i32, end: i32, thread: i32,
): void {
  for (let chunk = begin; chunk < end; chunk++) {
    const last = min(pixels, (chunk + 1) * perChunk);
    let sums = f64x2.splat(0);
    for (let pixel = chunk * perChunk; pixel < last; pixel++) {
      const x = at(target, pixel * channels);
      const mu = at(parameters, 2 * pixel * channels);
      const logScale = at(mu, channels);
      for (let c = 0; c < channels; c += 4) {
        const left = channels - c;
        const loss = loss4(loadUpTo(at(x, c), left, 0.5), loadUpTo(at(mu, c), left, 0), loadUpTo(at(logScale, c), left, 0));
        // Lanes beyond the tail must cost nothing.
        sums = addDoubles(sums, v128.and(loss, lanesBelow(left)));
      }
    }
    store<f64>(partials + ((<usize>chunk) << 3), sumDoubles(sums));
  }
}

export function logitLaplaceBackward(
  dloss: usize, parameters: usize, target: usize, dparameters: usize, dtarget: usize, channels: i32, pixels: i32,
  begin: i32, end: i32, thread: i32,
): void {
  const scale = f32x4.splat(load<f32>(dloss) / (<f32>pixels * <f32>channels));
  for (let pixel = begin; pixel < end; pixel++) {
    const offset = pixel * channels;
    for (let c = 0; c < channels; c += 4) {
      const x = at(target, offset + c);
      const mu = at(parameters, 2 * offset + c);
      const dmu = dparameters ? at(dparameters, 2 * offset + c) : 0;
      const dx = dtarget ? at(dtarget, offset + c) : 0;
      backward4(scale, x, mu, at(mu, channels), dx, dmu, dmu ? at(dmu, channels) : 0, channels - c);
    }
  }
}

function backward4(
  scale: v128, x: usize, mu: usize, logScale: usize, dx: usize, dmu: usize, dlogScale: usize, count: i32,
): void {
  const one = f32x4.splat(1);
  const pixel = loadUpTo(x, count, 0.5);
  const rest = f32x4.sub(one, pixel);
  const distance = f32x4.sub(log4(f32x4.div(pixel, rest)), loadUpTo(mu, count, 0));
  const precision = exp4(f32x4.neg(loadUpTo(logScale, count, 0)));
  const slope = signed(precision, distance);
  if (dmu) {
    storeUpTo(dmu, f32x4.neg(f32x4.mul(scale, slope)), count);
    storeUpTo(dlogScale, f32x4.mul(scale, f32x4.sub(one, f32x4.mul(f32x4.abs(distance), precision))), count);
  }
  if (dx) {
    // d logit(x) = 1 / (x (1 - x)), and so is the common denominator of 1/x - 1/(1 - x).
    const sum = f32x4.add(slope, f32x4.sub(rest, pixel));
    storeUpTo(dx, f32x4.div(f32x4.mul(scale, sum), f32x4.mul(pixel, rest)), count);
  }
}

// |logit(x) - mu| / b + ln b + ln(2 x (1 - x))
// @ts-ignore: decorator
@inline function loss4(x: v128, mu: v128, logScale: v128): v128 {
  const rest = f32x4.sub(f32x4.splat(1), x);
  const distance = f32x4.abs(f32x4.sub(log4(f32x4.div(x, rest)), mu));
  const jacobian = log4(f32x4.mul(f32x4.splat(2), f32x4.mul(x, rest)));
  return f32x4.add(f32x4.add(f32x4.mul(distance, exp4(f32x4.neg(logScale))), logScale), jacobian);
}

// `value` with the sign of `by`, 0 where that is 0.
// @ts-ignore: decorator
@inline function signed(value: v128, by: v128): v128 {
  const sign = v128.and(by, i32x4.splat(0x80000000));
  return v128.andnot(v128.xor(value, sign), f32x4.eq(by, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline function lanesBelow(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}
