import { copyRow } from "./rows";
import { at } from "./lanes";

export function qkvBiasForward(query: usize, value: usize, y: usize, width: i32): void {
  copyRow(y, query, width);
  memory.fill(at(y, width), 0, (<usize>width) << 2);
  copyRow(at(y, 2 * width), value, width);
}

export function qkvBiasBackward(dy: usize, dquery: usize, dvalue: usize, width: i32): void {
  if (dquery) copyRow(dquery, dy, width);
  if (dvalue) copyRow(dvalue, at(dy, 2 * width), width);
}
