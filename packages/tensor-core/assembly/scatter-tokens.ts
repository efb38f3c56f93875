// Tokens [B, M, D] at their places in sequences [B, T, D], one other token at the places that are left.
import { addRow, copyRow } from "./rows";
import { at } from "./lanes";

/** Rows [begin, end) of the B T of y. */
export function scatterTokensForward(
  x: usize, fill: usize, index: usize, y: usize,
  tokens: i32, places: i32, width: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let row = begin; row < end; row++) {
    const token = load<i32>(at(index, row));
    const from = token < 0 ? fill : at(x, ((row / places) * tokens + token) * width);
    copyRow(at(y, row * width), from, width);
  }
}

/** Samples [begin, end): their dx, and what each adds to dfill as a row of `partials`. Gradients nobody asked for are 0. */
export function scatterTokensBackward(
  dy: usize, index: usize, dx: usize, partials: usize,
  tokens: i32, places: i32, width: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let b = begin; b < end; b++) {
    const sums = partials ? at(partials, b * width) : 0;
    if (sums) memory.fill(sums, 0, (<usize>width) << 2);
    const gradients = dx ? at(dx, b * tokens * width) : 0;
    if (gradients) memory.fill(gradients, 0, (<usize>(tokens * width)) << 2);
    for (let t = 0; t < places; t++) {
      const row = b * places + t;
      const token = load<i32>(at(index, row));
      const from = at(dy, row * width);
      if (token < 0) {
        if (sums) addRow(sums, from, width);
      } else if (gradients) addRow(at(gradients, token * width), from, width);
    }
  }
}
