// Index of the largest value, rows [begin, end): its value first, then its first place. The first NaN goes before all.
import { at, maxLanes } from "./lanes";
import { loadTail } from "./tail";

export function argmaxForward(x: usize, index: usize, width: i32, begin: i32, end: i32, thread: i32): void {
  for (let row = begin; row < end; row++) {
    const from = at(x, row * width);
    const largest = largestOf(from, width);
    store<i32>(at(index, row), isNaN(largest) ? firstNan(from, width) : firstEqual(from, width, largest));
  }
}

function largestOf(row: usize, width: i32): f32 {
  let a = f32x4.splat(-Infinity);
  let b = a;
  let i = 0;
  for (; i + 8 <= width; i += 8) {
    a = f32x4.max(a, v128.load(at(row, i)));
    b = f32x4.max(b, v128.load(at(row, i), 16));
  }
  if (i + 4 <= width) {
    a = f32x4.max(a, v128.load(at(row, i)));
    i += 4;
  }
  if (i < width) b = f32x4.max(b, loadTail(at(row, i), width - i, -Infinity));
  return maxLanes(f32x4.max(a, b));
}

function firstEqual(row: usize, width: i32, value: f32): i32 {
  const values = f32x4.splat(value);
  let i = 0;
  while (i + 4 <= width && !v128.any_true(f32x4.eq(v128.load(at(row, i)), values))) i += 4;
  for (; i < width; i++) if (load<f32>(at(row, i)) == value) return i;
  return 0;
}

function firstNan(row: usize, width: i32): i32 {
  let i = 0;
  while (i < width && !isNaN(load<f32>(at(row, i)))) i++;
  return i;
}
