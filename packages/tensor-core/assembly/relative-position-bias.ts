// Relative position bias of heads [begin, end); the index is trusted, its maker checks it.
import { at } from "./lanes";

export function relativePositionBiasForward(
  table: usize, index: usize, y: usize, heads: i32, pairs: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let h = begin; h < end; h++) {
    const to = at(y, h * pairs);
    for (let i = 0; i < pairs; i++) store<f32>(at(to, i), load<f32>(at(table, load<i32>(at(index, i)) * heads + h)));
  }
}

/** A head's gradient is summed in a row of scratch: its column of the table would share cache lines with other threads. */
export function relativePositionBiasBackward(
  dy: usize, index: usize, dtable: usize, scratch: usize,
  rows: i32, heads: i32, pairs: i32, begin: i32, end: i32, thread: i32,
): void {
  const sums = at(scratch, thread * rows);
  for (let h = begin; h < end; h++) {
    const from = at(dy, h * pairs);
    memory.fill(sums, 0, (<usize>rows) << 2);
    for (let i = 0; i < pairs; i++) {
      const sum = at(sums, load<i32>(at(index, i)));
      store<f32>(sum, load<f32>(sum) + load<f32>(at(from, i)));
    }
    for (let row = 0; row < rows; row++) store<f32>(at(dtable, row * heads + h), load<f32>(at(sums, row)));
  }
}
