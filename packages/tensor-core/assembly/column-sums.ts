// Sums of the columns of a [rows, width] matrix: the gradient of a bias. A column is summed in chunks of rows, then over
// the chunks, in the same order whoever owns it; chunks keep the rounding error of long columns small.
import { at } from "./lanes";

const CHUNK: i32 = 128;

/** Columns [begin, end). */
export function columnSums(values: usize, sums: usize, rows: i32, width: i32, begin: i32, end: i32, thread: i32): void {
  let i = begin;
  for (; i + 16 <= end; i += 16) sumSixteen(at(values, i), at(sums, i), rows, width);
  for (; i + 4 <= end; i += 4) sumFour(at(values, i), at(sums, i), rows, width);
  for (; i < end; i++) sumOne(at(values, i), at(sums, i), rows, width);
}

// A cache line of columns at a time.
function sumSixteen(values: usize, sums: usize, rows: i32, width: i32): void {
  const zero = f32x4.splat(0);
  const step = (<usize>width) << 2;
  let total0 = zero, total1 = zero, total2 = zero, total3 = zero;
  for (let row = 0; row < rows; row += CHUNK) {
    let sum0 = zero, sum1 = zero, sum2 = zero, sum3 = zero;
    for (let count = min(CHUNK, rows - row); count > 0; count--) {
      sum0 = f32x4.add(sum0, v128.load(values));
      sum1 = f32x4.add(sum1, v128.load(values, 16));
      sum2 = f32x4.add(sum2, v128.load(values, 32));
      sum3 = f32x4.add(sum3, v128.load(values, 48));
      values += step;
    }
    total0 = f32x4.add(total0, sum0);
    total1 = f32x4.add(total1, sum1);
    total2 = f32x4.add(total2, sum2);
    total3 = f32x4.add(total3, sum3);
  }
  v128.store(sums, total0);
  v128.store(sums, total1, 16);
  v128.store(sums, total2, 32);
  v128.store(sums, total3, 48);
}

function sumFour(values: usize, sums: usize, rows: i32, width: i32): void {
  let total = f32x4.splat(0);
  for (let row = 0; row < rows; row += CHUNK) {
    let sum = f32x4.splat(0);
    for (let count = min(CHUNK, rows - row); count > 0; count--) {
      sum = f32x4.add(sum, v128.load(values));
      values = at(values, width);
    }
    total = f32x4.add(total, sum);
  }
  v128.store(sums, total);
}

function sumOne(values: usize, sums: usize, rows: i32, width: i32): void {
  let total: f32 = 0;
  for (let row = 0; row < rows; row += CHUNK) {
    let sum: f32 = 0;
    for (let count = min(CHUNK, rows - row); count > 0; count--) {
      sum += load<f32>(values);
      values = at(values, width);
    }
    total += sum;
  }
  store<f32>(sums, total);
}
