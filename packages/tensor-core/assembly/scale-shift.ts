// Affine map with clamping, elements [begin, end). pmin and pmax keep NaN.
import { at, multiplyAdd } from "./lanes";
import { loadTail, storeTail } from "./tail";

export function scaleShiftForward(
  x: usize, y: usize, scale: f32, shift: f32, low: f32, high: f32, begin: i32, end: i32, thread: i32,
): void {
  const scales = f32x4.splat(scale);
  const shifts = f32x4.splat(shift);
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    const mapped = multiplyAdd(v128.load(at(x, i)), scales, shifts);
    v128.store(at(y, i), f32x4.pmin(f32x4.pmax(mapped, lows), highs));
  }
  if (i < end) {
    const mapped = multiplyAdd(loadTail(at(x, i), end - i, 0), scales, shifts);
    storeTail(at(y, i), f32x4.pmin(f32x4.pmax(mapped, lows), highs), end - i);
  }
}

export function scaleShiftBackward(
  dy: usize, x: usize, dx: usize, scale: f32, shift: f32, low: f32, high: f32, begin: i32, end: i32, thread: i32,
): void {
  const scales = f32x4.splat(scale);
  const shifts = f32x4.splat(shift);
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    const mapped = multiplyAdd(v128.load(at(x, i)), scales, shifts);
    v128.store(at(dx, i), unclamped(f32x4.mul(v128.load(at(dy, i)), scales), mapped, lows, highs));
  }
  if (i < end) {
    const mapped = multiplyAdd(loadTail(at(x, i), end - i, 0), scales, shifts);
    storeTail(at(dx, i), unclamped(f32x4.mul(loadTail(at(dy, i), end - i, 0), scales), mapped, lows, highs), end - i);
  }
}

// @ts-ignore: decorator
@inline function unclamped(gradient: v128, mapped: v128, lows: v128, highs: v128): v128 {
  return v128.andnot(gradient, v128.or(f32x4.lt(mapped, lows), f32x4.gt(mapped, highs)));
}
