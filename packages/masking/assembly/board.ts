// A mask while it grows: one bit a cell, in vectors of 8 rows and 16 columns, first down, then right. Blocks are tested
// and filled eight rows at a time and without a branch that depends on them: a processor could not predict it.

export function clearBoard(board: usize, rows: i32, cols: i32): void {
  const end = board + ((vectorsDown(rows) * ((cols + 15) >> 4)) << 4);
  for (; board < end; board += 16) v128.store(board, i32x4.splat(0));
}

/** Cells of a block that are not masked yet: none if it has no row. */
@inline export function countFree(board: usize, rows: i32, cols: i32, top: i32, left: i32, height: i32, width: i32): i32 {
  const columns = columnBits(left, width);
  let free: u64 = 0;
  for (let col = 0; col < cols; col += 16) {
    const part = i16x8.splat(<i16>(columns >> col));
    let row = firstRows(top);
    for (let down = 0; down < rows; down += 8) {
      const fresh = v128.andnot(v128.and(rowsInside(row, height), part), v128.load(board));
      free += popcnt(i64x2.extract_lane(fresh, 0)) + popcnt(i64x2.extract_lane(fresh, 1));
      row = i16x8.add(row, i16x8.splat(8));
      board += 16;
    }
  }
  return <i32>free;
}

@inline export function fillBlock(board: usize, rows: i32, cols: i32, top: i32, left: i32, height: i32, width: i32): void {
  const columns = columnBits(left, width);
  for (let col = 0; col < cols; col += 16) {
    const part = i16x8.splat(<i16>(columns >> col));
    let row = firstRows(top);
    for (let down = 0; down < rows; down += 8) {
      const block = v128.and(rowsInside(row, height), part);
      v128.store(board, v128.or(v128.load(board), block));
      row = i16x8.add(row, i16x8.splat(8));
      board += 16;
    }
  }
}

/** Bits to bytes, row-major. Writes in groups of sixteen: up to fifteen zero bytes beyond the last cell. */
export function writeCells(board: usize, cells: usize, rows: i32, cols: i32): void {
  const right = vectorsDown(rows) << 4;
  for (let row = 0; row < rows; row++) {
    let word = board + (row << 1);
    for (let col = 0; col < cols; col += 16) {
      v128.store(cells + col, spread(load<u16>(word)));
      word += right;
    }
    cells += cols;
  }
}

@inline function vectorsDown(rows: i32): i32 {
  return (rows + 7) >> 3;
}

// Rows of a vector, counted from the first of a block.
@inline function firstRows(top: i32): v128 {
  return i16x8.sub(i16x8(0, 1, 2, 3, 4, 5, 6, 7), i16x8.splat(<i16>top));
}

@inline function rowsInside(row: v128, height: i32): v128 {
  return v128.andnot(i16x8.gt_s(i16x8.splat(<i16>height), row), i16x8.shr_s(row, 15));
}

@inline function columnBits(left: i32, width: i32): u64 {
  return width == 0 ? 0 : (u64.MAX_VALUE >> (64 - width)) << left;
}

// Bit i of a word to byte i of a vector: each byte gets the half its bit is in, and is compared with that bit.
function spread(bits: u16): v128 {
  const halves = i16x8.splat(bits);
  const copies = v128.shuffle<i8>(halves, halves, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const own = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  return v128.and(i8x16.eq(v128.and(copies, own), own), i8x16.splat(1));
}
