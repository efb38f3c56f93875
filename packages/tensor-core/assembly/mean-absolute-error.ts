// Mean absolute error: sums over chunks [begin, end) of the elements, and the gradient of elements [begin, end).
import { at } from "./lanes";
import { addDoubles, CHUNK, sumDoubles } from "./doubles";
import { loadUpTo, storeUpTo } from "./tail";

export function meanAbsoluteErrorForward(
  x: usize, target: usize, partials: usize, size: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let chunk = begin; chunk < end; chunk++) {
    const last = min(size, (chunk + 1) * CHUNK);
    let sums = f64x2.splat(0);
    // Lanes beyond the tail hold equal values: a loss of 0.
    for (let i = chunk * CHUNK; i < last; i += 4) {
      const difference = f32x4.sub(loadUpTo(at(x, i), last - i, 0), loadUpTo(at(target, i), last - i, 0));
      sums = addDoubles(sums, f32x4.abs(difference));
    }
    store<f64>(partials + ((<usize>chunk) << 3), sumDoubles(sums));
  }
}

export function meanAbsoluteErrorBackward(
  dloss: usize, x: usize, target: usize, dx: usize, dtarget: usize, size: i32, begin: i32, end: i32, thread: i32,
): void {
  const scales = f32x4.splat(load<f32>(dloss) / <f32>size);
  for (let i = begin; i < end; i += 4) {
    const count = end - i;
    const gradient = f32x4.mul(scales, slope4(loadUpTo(at(x, i), count, 0), loadUpTo(at(target, i), count, 0)));
    if (dx) storeUpTo(at(dx, i), gradient, count);
    if (dtarget) storeUpTo(at(dtarget, i), f32x4.neg(gradient), count);
  }
}

// The sign of the difference: 1 with its sign bit, 0 where there is none; what is no number stays so.
function slope4(x: v128, target: v128): v128 {
  const difference = f32x4.sub(x, target);
  const signed = v128.bitselect(difference, f32x4.splat(1), i32x4.splat(0x80000000));
  const unequal = v128.and(signed, f32x4.ne(difference, f32x4.splat(0)));
  return v128.bitselect(unequal, difference, f32x4.eq(difference, difference));
}
