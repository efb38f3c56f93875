// Shared v128 helpers. Kernels hold no static data: constants are immediates, memory is what the host passes in.

// @ts-ignore: decorator
@inline export const LANES: i32 = 4;

/** c + a * b; one rounding in the relaxed build, two in the base build. */
// @ts-ignore: decorator
@inline export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

/** Sum of the four lanes, always in the same order. */
// @ts-ignore: decorator
@inline export function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** Largest of the four lanes. */
// @ts-ignore: decorator
@inline export function maxLanes(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

/**
 * Whether a logarithm of a sum of exponentials is so small that its own rounding, 1e-6 at most, is less than what a product in
 * float32 leaves of the scores: then it is taken off them as one number, else in its two parts.
 */
// @ts-ignore: decorator
@inline export function isExactEnough(logSumExp: f32): bool {
  return abs(logSumExp) < 32;
}

/** Address of float i. */
// @ts-ignore: decorator
@inline export function at(base: usize, i: i32): usize {
  return base + ((<usize>i) << 2);
}

/**
 * e^x of four floats: 2^n e^r with |r| <= ln 2 / 2, the polynomial with the coefficients of Cephes' expf (Moshier).
 * Error below 2 units in the last place; 0 below -87.33 (no subnormal results), about 2.4e38 beyond 88.37; NaN stays NaN.
 */
// @ts-ignore: decorator
@inline export function exp4(x: v128): v128 {
  const clamped = f32x4.min(f32x4.max(x, f32x4.splat(-87.33654)), f32x4.splat(88.37626));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504)));
  let r = multiplyAdd(n, f32x4.splat(-0.693359375), clamped);
  r = multiplyAdd(n, f32x4.splat(2.12194440e-4), r);
  let p = multiplyAdd(f32x4.splat(1.9875691500e-4), r, f32x4.splat(1.3981999507e-3));
  p = multiplyAdd(p, r, f32x4.splat(8.3334519073e-3));
  p = multiplyAdd(p, r, f32x4.splat(4.1665795894e-2));
  p = multiplyAdd(p, r, f32x4.splat(1.6666665459e-1));
  p = multiplyAdd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(multiplyAdd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return v128.andnot(f32x4.mul(p, power), f32x4.lt(x, f32x4.splat(-87.33654)));
}

/**
 * The same as a call: smaller, for tails and for loops that are not hot. Never where a sum of the loop before is still
 * wanted afterwards: V8 would keep that sum in memory, in every turn of the loop.
 */
export function exp4Once(x: v128): v128 {
  return exp4(x);
}
