// Token sequences [B, N + 1, D] from patches [B, N, D].
import { addRow, copyRow } from "./rows";
import { at } from "./lanes";

/** Rows [begin, end) of the B (N + 1) of y; mask and position are 0 where absent. */
export function assembleTokensForward(
  patches: usize, classToken: usize, maskToken: usize, mask: usize, position: usize, y: usize,
  count: i32, width: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let row = begin; row < end; row++) {
    const token = row % (count + 1);
    const patch = (row / (count + 1)) * count + token - 1;
    const to = at(y, row * width);
    if (token == 0) copyRow(to, classToken, width);
    else if (mask && load<i32>(at(mask, patch))) copyRow(to, maskToken, width);
    else copyRow(to, at(patches, patch * width), width);
    if (position) addRow(to, at(position, token * width), width);
  }
}

/**
 * Tokens [begin, end) of all samples, in their order: dpatches (0 where masked), dclassToken, rows of dposition, and for
 * the mask token one row a token in `partials`. Gradients nobody asked for are 0.
 */
export function assembleTokensBackward(
  dy: usize, mask: usize, dpatches: usize, dclassToken: usize, dposition: usize, partials: usize,
  batch: i32, count: i32, width: i32, begin: i32, end: i32, thread: i32,
): void {
  const bytes = (<usize>width) << 2;
  for (let token = begin; token < end; token++) {
    const sum = dposition ? at(dposition, token * width) : 0;
    const classSum = token == 0 ? dclassToken : 0;
    const maskSum = partials ? at(partials, token * width) : 0;
    if (sum) memory.fill(sum, 0, bytes);
    if (classSum) memory.fill(classSum, 0, bytes);
    if (maskSum) memory.fill(maskSum, 0, bytes);
    for (let b = 0; b < batch; b++) {
      const from = at(dy, (b * (count + 1) + token) * width);
      if (sum) addRow(sum, from, width);
      if (classSum) addRow(classSum, from, width);
      if (token == 0) continue;
      const patch = b * count + token - 1;
      const masked = mask && load<i32>(at(mask, patch));
      if (masked && maskSum) addRow(maskSum, from, width);
      if (!dpatches) continue;
      if (masked) memory.fill(at(dpatches, patch * width), 0, bytes);
      else copyRow(at(dpatches, patch * width), from, width);
    }
  }
}
