// Softmax of rows [begin, end).
import { at, multiplyAdd, sumLanes } from "./lanes";
import { softmaxRow } from "./softmax-row";

export function softmaxForward(x: usize, y: usize, width: i32, begin: i32, end: i32, thread: i32): void {
  for (let row = begin; row < end; row++) softmaxRow(at(x, row * width), 1, 0, at(y, row * width), 0, width);
}

export function softmaxBackward(dy: usize, y: usize, dx: usize, width: i32, begin: i32, end: i32, thread: i32): void {
  for (let row = begin; row < end; row++) {
    backwardRow(at(dy, row * width), at(y, row * width), at(dx, row * width), width);
  }
}

function backwardRow(dy: usize, y: usize, dx: usize, width: i32): void {
  const tail = width & ~3;
  let sums = f32x4.splat(0);
  for (let i = 0; i < tail; i += 4) sums = multiplyAdd(v128.load(at(dy, i)), v128.load(at(y, i)), sums);
  let sum = sumLanes(sums);
  for (let i = tail; i < width; i++) sum += load<f32>(at(dy, i)) * load<f32>(at(y, i));
  const shift = f32x4.splat(sum);
  for (let i = 0; i < tail; i += 4) {
    v128.store(at(dx, i), f32x4.mul(v128.load(at(y, i)), f32x4.sub(v128.load(at(dy, i)), shift)));
  }
  for (let i = tail; i < width; i++) store<f32>(at(dx, i), load<f32>(at(y, i)) * (load<f32>(at(dy, i)) - sum));
}
