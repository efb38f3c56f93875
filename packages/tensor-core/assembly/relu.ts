// Rectified linear unit, elements [begin, end). pmax(x, 0) is one instruction and keeps NaN; max is several.
import { at } from "./lanes";
import { loadTail, storeTail } from "./tail";

export function reluForward(x: usize, y: usize, begin: i32, end: i32, thread: i32): void {
  const zero = f32x4.splat(0);
  let i = begin;
  for (; i + 4 <= end; i += 4) v128.store(at(y, i), f32x4.pmax(v128.load(at(x, i)), zero));
  if (i < end) storeTail(at(y, i), f32x4.pmax(loadTail(at(x, i), end - i, 0), zero), end - i);
}

export function reluBackward(dy: usize, y: usize, dx: usize, begin: i32, end: i32, thread: i32): void {
  let i = begin;
  for (; i + 4 <= end; i += 4) v128.store(at(dx, i), masked(v128.load(at(dy, i)), v128.load(at(y, i))));
  if (i < end) storeTail(at(dx, i), masked(loadTail(at(dy, i), end - i, 0), loadTail(at(y, i), end - i, 0)), end - i);
}

// @ts-ignore: decorator
@inline function masked(dy: v128, y: v128): v128 {
  return v128.andnot(dy, f32x4.le(y, f32x4.splat(0)));
}
