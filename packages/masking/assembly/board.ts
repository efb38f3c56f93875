// A mask while it grows: one 64-bit word a row, bit = column. Blocks are tested and filled a row at a time.

export function clearBoard(board: usize, rows: i32): void {
  memory.fill(board, 0, rows << 3);
}

/** Cells of a block that are not masked yet. */
export function countFree(board: usize, top: i32, left: i32, height: i32, width: i32): i32 {
  if (width == 0) return 0;
  const columns = columnBits(left, width);
  let free: u64 = 0;
  for (let row = top; row < top + height; row++) free += popcnt(columns & ~load<u64>(board + (row << 3)));
  return <i32>free;
}

export function fillBlock(board: usize, top: i32, left: i32, height: i32, width: i32): void {
  const columns = columnBits(left, width);
  for (let row = top; row < top + height; row++) {
    const word = board + (row << 3);
    store<u64>(word, load<u64>(word) | columns);
  }
}

/** Bits to bytes, row-major. Writes in groups of eight: up to seven zero bytes beyond the last cell. */
export function writeCells(board: usize, cells: usize, rows: i32, cols: i32): void {
  for (let row = 0; row < rows; row++) {
    const word = load<u64>(board + (row << 3));
    for (let col = 0; col < cols; col += 8) store<u64>(cells + col, spread((word >> col) & 0xff));
    cells += cols;
  }
}

function columnBits(left: i32, width: i32): u64 {
  return (u64.MAX_VALUE >> (64 - width)) << left;
}

// Bit i of a byte to byte i of a word: keep one bit in each copy, carry it to the top of its byte, bring it down.
function spread(byte: u64): u64 {
  const kept = (byte * 0x0101010101010101) & 0x8040201008040201;
  return ((kept + 0x7f7f7f7f7f7f7f7f) >> 7) & 0x0101010101010101;
}
