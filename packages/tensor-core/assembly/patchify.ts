// Pixel rows [begin, end) of B * H: cut into patches, or put back together. `columns` patches in a row, each with
// `length` = P * C floats of the pixel row.
import { copyRow } from "./rows";
import { at } from "./lanes";

export function patchifyForward(
  images: usize, y: usize, patchSize: i32, columns: i32, length: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let row = begin; row < end; row++) {
    for (let column = 0; column < columns; column++) {
      const image = at(images, (row * columns + column) * length);
      copyRow(at(y, patchOffset(row, column, patchSize, columns) * length), image, length);
    }
  }
}

export function patchifyBackward(
  dy: usize, dimages: usize, patchSize: i32, columns: i32, length: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let row = begin; row < end; row++) {
    for (let column = 0; column < columns; column++) {
      const image = at(dimages, (row * columns + column) * length);
      copyRow(image, at(dy, patchOffset(row, column, patchSize, columns) * length), length);
    }
  }
}

// H is a multiple of the patch size, so rows of patches count on through the batch.
// @ts-ignore: decorator
@inline function patchOffset(row: i32, column: i32, patchSize: i32, columns: i32): i32 {
  return ((row / patchSize) * columns + column) * patchSize + (row % patchSize);
}
