// Matrix product C = A B with packed operands and a 4 x 8 tile in registers, after Goto and van de Geijn (2008). Both
// operands are read through (row stride, column stride), so transposed factors cost nothing extra. Depth is cut into
// blocks by its size alone and every output is summed in the same order: any split of the output gives the same bits.
import { packPanels } from "./gemm-pack";
import { outputPixel, packPositions, packTaps, Window } from "./im2col";
import { at, multiplyAdd } from "./lanes";

// What happens to C: C = A B, C += A B, C = A B + bias (one value per column).
export const OVERWRITE: i32 = 0;
export const ACCUMULATE: i32 = 1;
export const ADD_BIAS: i32 = 2;

// Blocks: a right panel (8 KiB) and a left one (4 KiB) stay in the first cache, ROWS x DEPTH of A in the second.
const DEPTH: i32 = 256;
const ROWS: i32 = 128;
const COLUMNS: i32 = 512;

// Scratch of one thread: row addresses, tile, unpacked window rows, packed A, packed B.
const TILE: usize = <usize>ROWS * 4;
const WINDOW_ROWS: usize = TILE + 128;
const LEFT: usize = WINDOW_ROWS + <usize>COLUMNS * 16;
const RIGHT: usize = LEFT + <usize>ROWS * <usize>DEPTH * 4;

/** Bytes of scratch for one thread; the host knows it as GEMM_SCRATCH_BYTES in kernels/gemm.ts. */
export function gemmScratchBytes(): usize {
  return RIGHT + <usize>DEPTH * <usize>COLUMNS * 4;
}

/**
 * C [M, N] from A [M, K] and B [K, N], on one thread: the building block of other kernels (attention calls it per head).
 * a(m, k) = a[m * aRow + k * aCol], b(k, n) = b[k * bRow + n * bCol], c(m, n) = c[m * cRow + n]; strides count floats.
 * `bias` is read in mode ADD_BIAS only. `scratch` has gemmScratchBytes() bytes, 16-byte aligned, of this thread alone.
 * C must not overlap A or B. Example, scores = q k^T of one head in rows of 3D values:
 * gemmBlock(q, 3 * D, 1, k, 1, 3 * D, scores, N, N, N, D / heads, OVERWRITE, 0, scratch)
 */
export function gemmBlock(
  a: usize, aRow: i32, aCol: i32, b: usize, bRow: i32, bCol: i32, c: usize, cRow: i32,
  M: i32, N: i32, K: i32, mode: i32, bias: usize, scratch: usize,
): void {
  multiply(a, aRow, aCol, 0, b, bRow, bCol, 0, c, cRow, M, N, K, mode, bias, scratch);
}

/** Rows (or columns) [begin, end) of a product; every thread packs for itself in its part of `scratch`. */
export function gemm(
  a: usize, aRow: i32, aCol: i32, b: usize, bRow: i32, bCol: i32, c: usize, cRow: i32,
  M: i32, N: i32, K: i32, mode: i32, bias: usize, scratch: usize, byColumns: i32, begin: i32, end: i32, thread: i32,
): void {
  const own = scratch + <usize>thread * gemmScratchBytes();
  const count = end - begin;
  if (byColumns) {
    const columns = at(b, begin * bCol);
    gemmBlock(a, aRow, aCol, columns, bRow, bCol, at(c, begin), cRow, M, count, K, mode, at(bias, begin), own);
  } else {
    const rows = at(a, begin * aRow);
    gemmBlock(rows, aRow, aCol, b, bRow, bCol, at(c, begin * cRow), cRow, count, N, K, mode, bias, own);
  }
}

/**
 * The product behind gemmBlock and the convolutions. With a left window, A is an image read through it, `aRow` its first
 * position, and rows of C are pixels. With a right window, B is an image, its rows positions, `bCol` its first column.
 */
export function multiply(
  a: usize, aRow: i32, aCol: i32, leftWindow: usize, b: usize, bRow: i32, bCol: i32, rightWindow: usize,
  c: usize, cRow: i32, M: i32, N: i32, K: i32, mode: i32, bias: usize, scratch: usize,
): void {
  const left = scratch + LEFT;
  const right = scratch + RIGHT;
  const rows = scratch + WINDOW_ROWS;
  const block = blockDepth(K);
  for (let n = 0; n < N; n += COLUMNS) {
    const columns = min(COLUMNS, N - n);
    // Without depth there is still C to write: one pass over nothing.
    for (let k = 0; k == 0 || k < K; k += block) {
      const depth = min(block, K - k);
      if (rightWindow) packTaps(b, changetype<Window>(rightWindow), k, bCol + n, columns, depth, right, rows);
      else packPanels(at(b, k * bRow + n * bCol), bCol, bRow, columns, depth, right, 8, (<usize>depth) << 5);
      for (let m = 0; m < M; m += ROWS) {
        const height = min(ROWS, M - m);
        if (leftWindow) packPositions(a, changetype<Window>(leftWindow), aRow + m, k, height, depth, left, rows);
        else packPanels(at(a, m * aRow + k * aCol), aRow, aCol, height, depth, left, 4, (<usize>depth) << 4);
        findRows(c, cRow, leftWindow, leftWindow ? aRow + m : m, n, height, scratch);
        multiplyBlock(left, right, height, columns, depth, k ? ACCUMULATE : mode, at(bias, n), scratch);
      }
    }
  }
}

// Equal blocks of at most DEPTH, a multiple of 4. A function of K alone: it fixes the order of summation.
function blockDepth(K: i32): i32 {
  const blocks = max(1, (K + DEPTH - 1) / DEPTH);
  return max(4, ((K + blocks - 1) / blocks + 3) & ~3);
}

// Addresses of the C rows of a block, from column `column` on.
function findRows(c: usize, cRow: i32, window: usize, first: i32, column: i32, count: i32, table: usize): void {
  for (let i = 0; i < count; i++) {
    const row = window ? outputPixel(changetype<Window>(window), first + i) : first + i;
    store<usize>(at(table, i), at(c, row * cRow + column));
  }
}

function multiplyBlock(
  left: usize, right: usize, height: i32, columns: i32, depth: i32, mode: i32, bias: usize, scratch: usize,
): void {
  const tile = scratch + TILE;
  for (let column = 0; column < columns; column += 8) {
    let panel = left;
    for (let row = 0; row < height; row += 4) {
      multiplyTile(panel, right, depth, tile);
      storeTile(tile, at(scratch, row), min(4, height - row), column, min(8, columns - column), mode, at(bias, column));
      panel = at(panel, 4 * depth);
    }
    right = at(right, 8 * depth);
  }
}

// Unrolling over the depth makes V8 spill, and so do larger tiles without fused multiply-add.
function multiplyTile(left: usize, right: usize, depth: i32, tile: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  const end = at(left, 4 * depth);
  while (left < end) {
    const b0 = v128.load(right);
    const b1 = v128.load(right, 16);
    const a0 = v128.load32_splat(left);
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
  v128.store(tile, c00, 0);
  v128.store(tile, c01, 16);
  v128.store(tile, c10, 32);
  v128.store(tile, c11, 48);
  v128.store(tile, c20, 64);
  v128.store(tile, c21, 80);
  v128.store(tile, c30, 96);
  v128.store(tile, c31, 112);
}

// Whole and partial tiles do the same one addition for each output, so edges do not change bits.
function storeTile(tile: usize, table: usize, rows: i32, column: i32, columns: i32, mode: i32, bias: usize): void {
  for (let row = 0; row < rows; row++) {
    const to = at(load<usize>(at(table, row)), column);
    const from = tile + ((<usize>row) << 5);
    const addend = mode == ACCUMULATE ? to : mode == ADD_BIAS ? bias : 0;
    if (columns == 8) {
      let low = v128.load(from);
      let high = v128.load(from, 16);
      if (addend) {
        low = f32x4.add(low, v128.load(addend));
        high = f32x4.add(high, v128.load(addend, 16));
      }
      v128.store(to, low);
      v128.store(to, high, 16);
      continue;
    }
    for (let i = 0; i < columns; i++) {
      const value = load<f32>(at(from, i));
      store<f32>(at(to, i), addend ? value + load<f32>(at(addend, i)) : value);
    }
  }
}
