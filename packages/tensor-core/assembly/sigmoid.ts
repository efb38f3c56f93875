// Logistic function, elements [begin, end).
import { at, exp4 } from "./lanes";
import { loadTail, storeTail } from "./tail";

export function sigmoidForward(x: usize, y: usize, begin: i32, end: i32, thread: i32): void {
  let i = begin;
  for (; i + 4 <= end; i += 4) v128.store(at(y, i), sigmoid4(v128.load(at(x, i))));
  if (i < end) storeTail(at(y, i), sigmoid4(loadTail(at(x, i), end - i, 0)), end - i);
}

export function sigmoidBackward(dy: usize, y: usize, dx: usize, begin: i32, end: i32, thread: i32): void {
  let i = begin;
  for (; i + 4 <= end; i += 4) v128.store(at(dx, i), slope4(v128.load(at(dy, i)), v128.load(at(y, i))));
  if (i < end) storeTail(at(dx, i), slope4(loadTail(at(dy, i), end - i, 0), loadTail(at(y, i), end - i, 0)), end - i);
}

// @ts-ignore: decorator
@inline function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

// @ts-ignore: decorator
@inline function slope4(dy: v128, y: v128): v128 {
  return f32x4.mul(f32x4.mul(dy, y), f32x4.sub(f32x4.splat(1), y));
}
