// Rows of a table by id. An id outside the table reads NaN and writes nothing: memory stays safe, the fault visible.
import { at } from "./lanes";

/** Rows [begin, end) of y. */
export function embeddingForward(
  table: usize, ids: usize, y: usize, tableRows: i32, width: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let row = begin; row < end; row++) {
    const id = load<i32>(at(ids, row));
    const to = at(y, row * width);
    if (<u32>id < <u32>tableRows) memory.copy(to, at(table, id * width), (<usize>width) << 2);
    else for (let i = 0; i < width; i++) store<f32>(at(to, i), NaN);
  }
}

/** Rows [begin, end) of dtable; every range looks through all `count` ids in order, so rows add up in one order. */
export function embeddingBackward(
  dy: usize, ids: usize, dtable: usize, count: i32, width: i32, begin: i32, end: i32, thread: i32,
): void {
  memory.fill(at(dtable, begin * width), 0, (<usize>(end - begin) * width) << 2);
  for (let row = 0; row < count; row++) {
    const id = load<i32>(at(ids, row));
    if (id >= begin && id < end) addRow(at(dtable, id * width), at(dy, row * width), width);
  }
}

// @ts-ignore: decorator
@inline function addRow(to: usize, from: usize, width: i32): void {
  let i = 0;
  for (; i + 4 <= width; i += 4) v128.store(at(to, i), f32x4.add(v128.load(at(to, i)), v128.load(at(from, i))));
  for (; i < width; i++) store<f32>(at(to, i), load<f32>(at(to, i)) + load<f32>(at(from, i)));
}
