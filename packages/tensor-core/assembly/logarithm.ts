// Natural logarithm of four floats: ln(2^e * (1 + f)) = e ln 2 + ln(1 + f) with 1 + f in [sqrt(1/2), sqrt(2)).
// The polynomial's coefficients are those of Cephes' logf (Moshier); ln 2 is split so that e ln 2 adds no error.
import { multiplyAdd } from "./lanes";

/** ln x; -Infinity at 0, NaN below and for NaN. Error below 2 units in the last place. */
// @ts-ignore: decorator
@inline export function log4(x: v128): v128 {
  // Subnormal numbers are lifted by 2^23 first.
  const tiny = f32x4.lt(x, f32x4.splat(1.1754943508222875e-38));
  const lifted = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  let y = logOfNormal4(lifted);
  y = f32x4.sub(y, v128.and(tiny, f32x4.splat(15.942385152878742)));
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  y = v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(Infinity)));
  return v128.or(y, v128.not(f32x4.ge(x, f32x4.splat(0))));
}

/** ln x of positive normal numbers. */
// @ts-ignore: decorator
@inline export function logOfNormal4(x: v128): v128 {
  const exponent = exponentOf4(x);
  return logOfParts4(f32x4.sub(mantissaOf4(x, exponent), f32x4.splat(1)), f32x4.convert_i32x4_s(exponent));
}

/** The e of x = 2^e * m with m in [sqrt(1/2), sqrt(2)). */
// @ts-ignore: decorator
@inline export function exponentOf4(x: v128): v128 {
  return i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23);
}

// @ts-ignore: decorator
@inline export function mantissaOf4(x: v128, exponent: v128): v128 {
  return i32x4.sub(x, i32x4.shl(exponent, 23));
}

/** e ln 2 + ln(1 + f) for f in [sqrt(1/2) - 1, sqrt(2) - 1]. */
// @ts-ignore: decorator
@inline export function logOfParts4(f: v128, e: v128): v128 {
  const square = f32x4.mul(f, f);
  let p = multiplyAdd(f32x4.splat(7.0376836292e-2), f, f32x4.splat(-1.151461031e-1));
  p = multiplyAdd(p, f, f32x4.splat(1.167699874e-1));
  p = multiplyAdd(p, f, f32x4.splat(-1.2420140846e-1));
  p = multiplyAdd(p, f, f32x4.splat(1.4249322787e-1));
  p = multiplyAdd(p, f, f32x4.splat(-1.6668057665e-1));
  p = multiplyAdd(p, f, f32x4.splat(2.0000714765e-1));
  p = multiplyAdd(p, f, f32x4.splat(-2.4999993993e-1));
  p = multiplyAdd(p, f, f32x4.splat(3.3333331174e-1));
  p = f32x4.mul(p, f32x4.mul(square, f));
  p = multiplyAdd(e, f32x4.splat(-2.12194440e-4), p);
  p = multiplyAdd(square, f32x4.splat(-0.5), p);
  return multiplyAdd(e, f32x4.splat(0.693359375), f32x4.add(f, p));
}
