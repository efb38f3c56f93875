// The largest value of a row and the sum of the exponentials of what others are below it: the two parts of log-sum-exp.
import { at, exp4, maxLanes, sumLanes } from "./lanes";
import { loadTail } from "./tail";

export function largestOfRow(x: usize, width: i32): f32 {
  let largest = f32x4.splat(-Infinity);
  let i = 0;
  for (; i + 4 <= width; i += 4) largest = f32x4.max(largest, v128.load(at(x, i)));
  if (i < width) largest = f32x4.max(largest, loadTail(at(x, i), width - i, -Infinity));
  return maxLanes(largest);
}

// Two sums, because 8192 terms are many for one.
export function sumOfExponentials(x: usize, largest: f32, width: i32): f32 {
  const shift = f32x4.splat(largest);
  let even = f32x4.splat(0);
  let odd = f32x4.splat(0);
  let i = 0;
  for (; i + 8 <= width; i += 8) {
    even = f32x4.add(even, exp4(f32x4.sub(v128.load(at(x, i)), shift)));
    odd = f32x4.add(odd, exp4(f32x4.sub(v128.load(at(x, i), 16), shift)));
  }
  for (; i < width; i += 4) {
    const values = i + 4 <= width ? v128.load(at(x, i)) : loadTail(at(x, i), width - i, -Infinity);
    even = f32x4.add(even, exp4(f32x4.sub(values, shift)));
  }
  return sumLanes(f32x4.add(even, odd));
}
