// The transforms of F(4 x 4, 3 x 3) at the points 0, +-5/8, +-3/2 and infinity: a quarter of the error of the usual +-1 and
// +-2, whose results are weighed by up to 8. All weights are exact in float32 but those of the filter, which is transformed
// once, in float64.
import { multiplyAdd } from "./lanes";

// The points a = 5/8 and b = 3/2, and their powers.
// @ts-ignore: decorator
@inline const A: f32 = 0.625;
// @ts-ignore: decorator
@inline const B: f32 = 1.5;
// @ts-ignore: decorator
@inline const A2: f32 = A * A;
// @ts-ignore: decorator
@inline const B2: f32 = B * B;

/**
 * Four channels of 6 x 6 pixels, at load(table + 4 * (6 j + i)) + offset for row i and column j, transformed along both
 * axes; position (i, j) goes to `to` + (6 i + j) * plane. `steps` has 576 bytes for what lies between.
 */
export function transformInput(table: usize, offset: i32, to: usize, plane: i32, steps: usize): void {
  for (let step = steps; step < steps + 96; step += 16) {
    const d0 = v128.load(load<usize>(table) + offset);
    const d1 = v128.load(load<usize>(table, 4) + offset);
    const d2 = v128.load(load<usize>(table, 8) + offset);
    const d3 = v128.load(load<usize>(table, 12) + offset);
    const d4 = v128.load(load<usize>(table, 16) + offset);
    const d5 = v128.load(load<usize>(table, 20) + offset);
    transformSix(d0, d1, d2, d3, d4, d5, step, 96);
    table += 24;
  }
  for (let step = steps; step < steps + 576; step += 96) {
    const d0 = v128.load(step);
    const d1 = v128.load(step, 16);
    const d2 = v128.load(step, 32);
    const d3 = v128.load(step, 48);
    const d4 = v128.load(step, 64);
    const d5 = v128.load(step, 80);
    transformSix(d0, d1, d2, d3, d4, d5, to, plane);
    to += 6 * plane;
  }
}

function transformSix(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, stride: i32): void {
  const even0 = multiplyAdd(d2, f32x4.splat(-B2), d4);
  const odd0 = f32x4.mul(multiplyAdd(d1, f32x4.splat(-B2), d3), f32x4.splat(A));
  const even1 = multiplyAdd(d2, f32x4.splat(-A2), d4);
  const odd1 = f32x4.mul(multiplyAdd(d1, f32x4.splat(-A2), d3), f32x4.splat(B));
  const outer = f32x4.splat(A2 * B2);
  const middle = f32x4.splat(-A2 - B2);
  v128.store(to, multiplyAdd(d0, outer, multiplyAdd(d2, middle, d4)));
  v128.store(to + stride, f32x4.add(even0, odd0));
  v128.store(to + 2 * stride, f32x4.sub(even0, odd0));
  v128.store(to + 3 * stride, f32x4.add(even1, odd1));
  v128.store(to + 4 * stride, f32x4.sub(even1, odd1));
  v128.store(to + 5 * stride, multiplyAdd(d1, outer, multiplyAdd(d3, middle, d5)));
}

/** Four outputs of the 36 products, a plane apart, as 4 x 4 results in order at `to` (384 bytes are written). */
export function transformOutput(from: usize, plane: i32, to: usize): void {
  for (let step = to; step < to + 384; step += 64) {
    transformFour(from, plane, step, 16);
    from += 6 * plane;
  }
  for (let step = to; step < to + 64; step += 16) transformFour(step, 64, step, 64);
}

// Six vectors, `stride` apart, become four, `pitch` apart; they may overlap.
function transformFour(from: usize, stride: i32, to: usize, pitch: i32): void {
  const m0 = v128.load(from);
  const m1 = v128.load(from + stride);
  const m2 = v128.load(from + 2 * stride);
  const m3 = v128.load(from + 3 * stride);
  const m4 = v128.load(from + 4 * stride);
  const m5 = v128.load(from + 5 * stride);
  const even0 = f32x4.add(m1, m2);
  const odd0 = f32x4.sub(m1, m2);
  const even1 = f32x4.add(m3, m4);
  const odd1 = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(m0, f32x4.add(even0, even1)));
  v128.store(to + pitch, multiplyAdd(odd1, f32x4.splat(B), f32x4.mul(odd0, f32x4.splat(A))));
  v128.store(to + 2 * pitch, multiplyAdd(even1, f32x4.splat(B2), f32x4.mul(even0, f32x4.splat(A2))));
  const odd = multiplyAdd(odd1, f32x4.splat(B2 * B), f32x4.mul(odd0, f32x4.splat(A2 * A)));
  v128.store(to + 3 * pitch, f32x4.add(odd, m5));
}
