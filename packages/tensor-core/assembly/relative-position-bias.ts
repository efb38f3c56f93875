// Relative position bias of heads [begin, end). An index outside the table reads NaN and writes nothing: memory stays
// safe, the fault visible.
import { at } from "./lanes";

export function relativePositionBiasForward(
  table: usize, index: usize, y: usize, rows: i32, heads: i32, pairs: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let h = begin; h < end; h++) {
    const to = at(y, h * pairs);
    for (let i = 0; i < pairs; i++) {
      const row = load<i32>(at(index, i));
      store<f32>(at(to, i), <u32>row < <u32>rows ? load<f32>(at(table, row * heads + h)) : NaN);
    }
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
      const row = load<i32>(at(index, i));
      if (<u32>row < <u32>rows) store<f32>(at(sums, row), load<f32>(at(sums, row)) + load<f32>(at(from, i)));
    }
    for (let row = 0; row < rows; row++) store<f32>(at(dtable, row * heads + h), load<f32>(at(sums, row)));
  }
}
