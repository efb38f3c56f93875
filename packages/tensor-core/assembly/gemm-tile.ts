// Tiles of the matrix product: 4 rows by one panel of 8 columns, kept in registers over the whole depth, or of 16 columns
// where the host says so. Sums run over the depth in order, in both: the width of a panel changes no bit.
import { at, multiplyAdd } from "./lanes";

// What happens to C: C = A B, C += A B, C = A B + bias (one value per column).
export const OVERWRITE: i32 = 0;
export const ACCUMULATE: i32 = 1;
export const ADD_BIAS: i32 = 2;

// Given by the host: 16 where V8 merges pairs of vectors into one of 256 bits, else 8. See race.ts.
// @ts-ignore: decorator
@external("env", "panelWidth") declare const panelWidth: i32;

/** Columns of a panel. Wide panels need fused multiply-add: the base build has none of their code. */
// @ts-ignore: decorator
@inline export function panelColumns(): i32 {
  return ASC_FEATURE_RELAXED_SIMD ? panelWidth : 8;
}

// Scratch: addresses of the rows of C, then an incomplete tile.
export const TABLE_ROWS: i32 = 256;
const TILE: usize = <usize>TABLE_ROWS * 4;
export const TILE_END: usize = TILE + 256;

/** C rows in the table of `scratch`, from A in panels of 4 rows and B in panels of `width` (8 or 16) columns. */
export function multiplyBlock(
  left: usize, right: usize, width: i32, height: i32, columns: i32, depth: i32, mode: i32, bias: usize, scratch: usize,
): void {
  for (let column = 0; column < columns; column += width) {
    let panel = left;
    for (let row = 0; row < height; row += 4) {
      const inside = column + width <= columns && row + 4 <= height;
      const values = at(bias, column);
      if (ASC_FEATURE_RELAXED_SIMD && width == 16) {
        multiplyTile16(panel, right, depth, scratch, row, column, inside, mode, values);
      } else {
        multiplyTile8(panel, right, depth, scratch, row, column, inside, mode, values);
      }
      if (!inside) {
        storeTile(scratch, row, min(4, height - row), column, min(width, columns - column), width, mode, values);
      }
      panel = at(panel, 4 * depth);
    }
    right = at(right, width * depth);
  }
}

// Unrolling over the depth makes V8 spill, and so do larger tiles without fused multiply-add.
// @ts-ignore: decorator
@inline function multiplyTile8(
  left: usize, right: usize, depth: i32, scratch: usize, row: i32, column: i32, inside: bool, mode: i32, bias: usize,
): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  const end = at(left, 4 * depth);
  while (left < end) {
    const b0 = v128.load(right, 0);
    const b1 = v128.load(right, 16);
    const a0 = v128.load32_splat(left, 0);
    c00 = multiplyAdd(a0, b0, c00);
    c01 = multiplyAdd(a0, b1, c01);
    const a1 = v128.load32_splat(left, 4);
    c10 = multiplyAdd(a1, b0, c10);
    c11 = multiplyAdd(a1, b1, c11);
    const a2 = v128.load32_splat(left, 8);
    c20 = multiplyAdd(a2, b0, c20);
    c21 = multiplyAdd(a2, b1, c21);
    const a3 = v128.load32_splat(left, 12);
    c30 = multiplyAdd(a3, b0, c30);
    c31 = multiplyAdd(a3, b1, c31);
    left += 16;
    right += 32;
  }
  if (inside) {
    storeRow8(at(load<usize>(at(scratch, row), 0), column), c00, c01, mode, bias);
    storeRow8(at(load<usize>(at(scratch, row), 4), column), c10, c11, mode, bias);
    storeRow8(at(load<usize>(at(scratch, row), 8), column), c20, c21, mode, bias);
    storeRow8(at(load<usize>(at(scratch, row), 12), column), c30, c31, mode, bias);
    return;
  }
  const tile = scratch + TILE;
  v128.store(tile, c00, 0);
  v128.store(tile, c01, 16);
  v128.store(tile, c10, 32);
  v128.store(tile, c11, 48);
  v128.store(tile, c20, 64);
  v128.store(tile, c21, 80);
  v128.store(tile, c30, 96);
  v128.store(tile, c31, 112);
}

// For V8's revectorizer, which turns pairs of neighboring operations into ones of 256 bits: it finds them in a loop
// unrolled twice. Without it this is slower than the tile above.
// @ts-ignore: decorator
@inline function multiplyTile16(
  left: usize, right: usize, depth: i32, scratch: usize, row: i32, column: i32, inside: bool, mode: i32, bias: usize,
): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0), c03 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0), c13 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c22 = f32x4.splat(0), c23 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0), c32 = f32x4.splat(0), c33 = f32x4.splat(0);
  const end = at(left, 4 * (depth & ~1));
  while (left < end) {
    const b0 = v128.load(right, 0);
    const b1 = v128.load(right, 16);
    const b2 = v128.load(right, 32);
    const b3 = v128.load(right, 48);
    const a0 = v128.load32_splat(left, 0);
    c00 = multiplyAdd(a0, b0, c00);
    c01 = multiplyAdd(a0, b1, c01);
    c02 = multiplyAdd(a0, b2, c02);
    c03 = multiplyAdd(a0, b3, c03);
    const a1 = v128.load32_splat(left, 4);
    c10 = multiplyAdd(a1, b0, c10);
    c11 = multiplyAdd(a1, b1, c11);
    c12 = multiplyAdd(a1, b2, c12);
    c13 = multiplyAdd(a1, b3, c13);
    const a2 = v128.load32_splat(left, 8);
    c20 = multiplyAdd(a2, b0, c20);
    c21 = multiplyAdd(a2, b1, c21);
    c22 = multiplyAdd(a2, b2, c22);
    c23 = multiplyAdd(a2, b3, c23);
    const a3 = v128.load32_splat(left, 12);
    c30 = multiplyAdd(a3, b0, c30);
    c31 = multiplyAdd(a3, b1, c31);
    c32 = multiplyAdd(a3, b2, c32);
    c33 = multiplyAdd(a3, b3, c33);
    const b0n = v128.load(right, 64);
    const b1n = v128.load(right, 80);
    const b2n = v128.load(right, 96);
    const b3n = v128.load(right, 112);
    const a0n = v128.load32_splat(left, 16);
    c00 = multiplyAdd(a0n, b0n, c00);
    c01 = multiplyAdd(a0n, b1n, c01);
    c02 = multiplyAdd(a0n, b2n, c02);
    c03 = multiplyAdd(a0n, b3n, c03);
    const a1n = v128.load32_splat(left, 20);
    c10 = multiplyAdd(a1n, b0n, c10);
    c11 = multiplyAdd(a1n, b1n, c11);
    c12 = multiplyAdd(a1n, b2n, c12);
    c13 = multiplyAdd(a1n, b3n, c13);
    const a2n = v128.load32_splat(left, 24);
    c20 = multiplyAdd(a2n, b0n, c20);
    c21 = multiplyAdd(a2n, b1n, c21);
    c22 = multiplyAdd(a2n, b2n, c22);
    c23 = multiplyAdd(a2n, b3n, c23);
    const a3n = v128.load32_splat(left, 28);
    c30 = multiplyAdd(a3n, b0n, c30);
    c31 = multiplyAdd(a3n, b1n, c31);
    c32 = multiplyAdd(a3n, b2n, c32);
    c33 = multiplyAdd(a3n, b3n, c33);
    left += 32;
    right += 128;
  }
  if (depth & 1) {
    const b0 = v128.load(right, 0);
    const b1 = v128.load(right, 16);
    const b2 = v128.load(right, 32);
    const b3 = v128.load(right, 48);
    const a0 = v128.load32_splat(left, 0);
    c00 = multiplyAdd(a0, b0, c00);
    c01 = multiplyAdd(a0, b1, c01);
    c02 = multiplyAdd(a0, b2, c02);
    c03 = multiplyAdd(a0, b3, c03);
    const a1 = v128.load32_splat(left, 4);
    c10 = multiplyAdd(a1, b0, c10);
    c11 = multiplyAdd(a1, b1, c11);
    c12 = multiplyAdd(a1, b2, c12);
    c13 = multiplyAdd(a1, b3, c13);
    const a2 = v128.load32_splat(left, 8);
    c20 = multiplyAdd(a2, b0, c20);
    c21 = multiplyAdd(a2, b1, c21);
    c22 = multiplyAdd(a2, b2, c22);
    c23 = multiplyAdd(a2, b3, c23);
    const a3 = v128.load32_splat(left, 12);
    c30 = multiplyAdd(a3, b0, c30);
    c31 = multiplyAdd(a3, b1, c31);
    c32 = multiplyAdd(a3, b2, c32);
    c33 = multiplyAdd(a3, b3, c33);
  }
  if (inside) {
    storeRow16(at(load<usize>(at(scratch, row), 0), column), c00, c01, c02, c03, mode, bias);
    storeRow16(at(load<usize>(at(scratch, row), 4), column), c10, c11, c12, c13, mode, bias);
    storeRow16(at(load<usize>(at(scratch, row), 8), column), c20, c21, c22, c23, mode, bias);
    storeRow16(at(load<usize>(at(scratch, row), 12), column), c30, c31, c32, c33, mode, bias);
    return;
  }
  const tile = scratch + TILE;
  v128.store(tile, c00, 0);
  v128.store(tile, c01, 16);
  v128.store(tile, c02, 32);
  v128.store(tile, c03, 48);
  v128.store(tile, c10, 64);
  v128.store(tile, c11, 80);
  v128.store(tile, c12, 96);
  v128.store(tile, c13, 112);
  v128.store(tile, c20, 128);
  v128.store(tile, c21, 144);
  v128.store(tile, c22, 160);
  v128.store(tile, c23, 176);
  v128.store(tile, c30, 192);
  v128.store(tile, c31, 208);
  v128.store(tile, c32, 224);
  v128.store(tile, c33, 240);
}

// @ts-ignore: decorator
@inline function storeRow8(to: usize, c0: v128, c1: v128, mode: i32, bias: usize): void {
  if (mode != OVERWRITE) {
    const addend = mode == ACCUMULATE ? to : bias;
    c0 = f32x4.add(c0, v128.load(addend));
    c1 = f32x4.add(c1, v128.load(addend, 16));
  }
  v128.store(to, c0);
  v128.store(to, c1, 16);
}

// @ts-ignore: decorator
@inline function storeRow16(to: usize, c0: v128, c1: v128, c2: v128, c3: v128, mode: i32, bias: usize): void {
  storeRow8(to, c0, c1, mode, bias);
  storeRow8(at(to, 8), c2, c3, mode, at(bias, 8));
}

// Incomplete tiles do the same one addition for each output as whole ones, so edges do not change bits.
function storeTile(
  scratch: usize, first: i32, rows: i32, column: i32, columns: i32, width: i32, mode: i32, bias: usize,
): void {
  for (let row = 0; row < rows; row++) {
    const to = at(load<usize>(at(scratch, first + row)), column);
    const from = at(scratch + TILE, row * width);
    const addend = mode == ACCUMULATE ? to : mode == ADD_BIAS ? bias : 0;
    for (let i = 0; i < columns; i++) {
      const value = load<f32>(at(from, i));
      store<f32>(at(to, i), addend ? value + load<f32>(at(addend, i)) : value);
    }
  }
}
