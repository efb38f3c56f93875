// Mean over tokens [start, tokens) of samples [begin, end).
import { addRow, copyRow, scaleRow } from "./rows";
import { at } from "./lanes";

export function meanTokensForward(
  x: usize, y: usize, start: i32, tokens: i32, width: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let b = begin; b < end; b++) {
    const to = at(y, b * width);
    copyRow(to, at(x, (b * tokens + start) * width), width);
    for (let n = start + 1; n < tokens; n++) addRow(to, at(x, (b * tokens + n) * width), width);
    scaleRow(to, <f32>1 / <f32>(tokens - start), width);
  }
}

export function meanTokensBackward(
  dy: usize, dx: usize, start: i32, tokens: i32, width: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let b = begin; b < end; b++) {
    const first = at(dx, (b * tokens + start) * width);
    memory.fill(at(dx, b * tokens * width), 0, (<usize>(start * width)) << 2);
    copyRow(first, at(dy, b * width), width);
    scaleRow(first, <f32>1 / <f32>(tokens - start), width);
    for (let n = 1; n < tokens - start; n++) copyRow(at(first, n * width), first, width);
  }
}
