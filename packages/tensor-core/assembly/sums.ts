// The last step of sums in float64 over fixed chunks: a chunk's sum went to its place in `partials`, and the places are
// added in order, so that the result does not depend on the number of threads.
import { at } from "./lanes";

/** Stores scale * sum of `count` float64 partial sums. */
export function storeScaledSum(partials: usize, count: i32, scale: f64, to: usize): void {
  store<f32>(to, <f32>(sumOfPartials(partials, count) * scale));
}

/** Stores the square root of the sum of `count` float64 partial sums. */
export function storeRootOfSum(partials: usize, count: i32, to: usize): void {
  store<f32>(to, <f32>sqrt<f64>(sumOfPartials(partials, count)));
}

/** Stores the mean of `count` floats. */
export function storeMean(values: usize, count: i32, to: usize): void {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += load<f32>(at(values, i));
  store<f32>(to, <f32>(sum / <f64>count));
}

function sumOfPartials(partials: usize, count: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += load<f64>(partials + ((<usize>i) << 3));
  return sum;
}
