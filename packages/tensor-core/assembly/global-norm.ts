// Sums of squares in float64 over chunks [begin, end) of a list of tensors: no overflow, no loss in large tensors.
import { at } from "./lanes";
import { sumDoubles } from "./doubles";

/** A chunk is an address and a length in the table (kernels/chunks.ts). */
export function globalNormForward(table: usize, partials: usize, begin: i32, end: i32, thread: i32): void {
  for (let chunk = begin; chunk < end; chunk++) {
    const entry = table + ((<usize>chunk) << 3);
    const sum = sumOfSquares(<usize>load<u32>(entry), load<i32>(entry, 4));
    store<f64>(partials + ((<usize>chunk) << 3), sum);
  }
}

function sumOfSquares(values: usize, length: i32): f64 {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const v = v128.load(at(values, i));
    const low = f64x2.promote_low_f32x4(v);
    const high = f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3));
    a = f64x2.add(a, f64x2.mul(low, low));
    b = f64x2.add(b, f64x2.mul(high, high));
  }
  let sum = sumDoubles(f64x2.add(a, b));
  for (; i < length; i++) {
    const value = <f64>load<f32>(at(values, i));
    sum += value * value;
  }
  return sum;
}
