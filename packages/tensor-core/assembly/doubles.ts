// Sums in float64, so that the result is accurate for large tensors. Chunks are fixed: sums.ts.

/** Elements per chunk; the host counts chunks with the same number (kernels/chunks.ts). */
// @ts-ignore: decorator
@inline export const CHUNK: i32 = 16384;

/** sum + (v0 + v2, v1 + v3), in float64. */
// @ts-ignore: decorator
@inline export function addDoubles(sum: v128, v: v128): v128 {
  const high = f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3));
  return f64x2.add(sum, f64x2.add(f64x2.promote_low_f32x4(v), high));
}

/** Sum of both lanes. */
// @ts-ignore: decorator
@inline export function sumDoubles(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}
