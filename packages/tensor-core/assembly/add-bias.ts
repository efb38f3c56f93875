import { at } from "./lanes";

export function addBias(x: usize, bias: usize, y: usize, width: i32, begin: i32, end: i32, thread: i32): void {
  const tail = width & ~3;
  for (let row = begin; row < end; row++) {
    const from = at(x, row * width);
    const to = at(y, row * width);
    for (let i = 0; i < tail; i += 4) v128.store(at(to, i), f32x4.add(v128.load(at(from, i)), v128.load(at(bias, i))));
    for (let i = tail; i < width; i++) store<f32>(at(to, i), load<f32>(at(from, i)) + load<f32>(at(bias, i)));
  }
}

export function copyFloats(x: usize, y: usize, begin: i32, end: i32, thread: i32): void {
  memory.copy(at(y, begin), at(x, begin), <usize>(end - begin) << 2);
}

// Sums over rows of columns [begin, end): every column is one thread's, in row order.
export function sumColumns(x: usize, sums: usize, rows: i32, width: i32, begin: i32, end: i32, thread: i32): void {
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    let sum = f32x4.splat(0);
    for (let row = 0; row < rows; row++) sum = f32x4.add(sum, v128.load(at(x, row * width + i)));
    v128.store(at(sums, i), sum);
  }
  for (; i < end; i++) {
    let sum: f32 = 0;
    for (let row = 0; row < rows; row++) sum += load<f32>(at(x, row * width + i));
    store<f32>(at(sums, i), sum);
  }
}
