// Matrix product C = A B with packed operands and a 4 x 8 tile in registers, after Goto and van de Geijn (2008). Both
// operands are read through (row stride, column stride), so transposed factors cost nothing extra. Depth is cut into
// blocks by its size alone and every output is summed in the same order: any split of the output gives the same bits.
import { packPanels } from "./gemm-pack";
import { outputPixel, packPositions, packTaps, Window } from "./im2col";
import { ACCUMULATE, multiplyBlock, panelColumns, TABLE_ROWS, TILE_END } from "./gemm-tile";
import { at } from "./lanes";

// Blocks: a right panel (8 KiB) and a left one (4 KiB) stay in the first cache, ROWS x DEPTH of A in the second.
const DEPTH: i32 = 256;
const ROWS: i32 = 128;
const COLUMNS: i32 = 512;

// With panels made before, all of that cache is for A: then one picture's tokens are one block.
const PREPARED_ROWS: i32 = TABLE_ROWS;

// Scratch of one thread: row addresses and tile, unpacked window rows, packed A, packed B.
const WINDOW_ROWS: usize = TILE_END;
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
  // Windows are packed in panels of eight in every build.
  const width = rightWindow ? 8 : panelColumns();
  for (let n = 0; n < N; n += COLUMNS) {
    const columns = min(COLUMNS, N - n);
    // Without depth there is still C to write: one pass over nothing.
    for (let k = 0; k == 0 || k < K; k += block) {
      const depth = min(block, K - k);
      if (rightWindow) packTaps(b, changetype<Window>(rightWindow), k, bCol + n, columns, depth, right, rows);
      else packPanels(at(b, k * bRow + n * bCol), bCol, bRow, columns, depth, right, width, panelBytes(depth, width));
      for (let m = 0; m < M; m += ROWS) {
        const height = min(ROWS, M - m);
        if (leftWindow) packPositions(a, changetype<Window>(leftWindow), aRow + m, k, height, depth, left, rows);
        else packPanels(at(a, m * aRow + k * aCol), aRow, aCol, height, depth, left, 4, (<usize>depth) << 4);
        findRows(c, cRow, leftWindow, leftWindow ? aRow + m : m, n, height, scratch);
        multiplyBlock(left, right, width, height, columns, depth, k ? ACCUMULATE : mode, at(bias, n), scratch);
      }
    }
  }
}

/** Bytes of the panels of a right factor [K, N]. */
export function gemmPanelBytes(N: i32, K: i32): usize {
  return (<usize>filledColumns(N) * <usize>K) << 2;
}

/** Panels of columns [begin, end), whole panels, of B [K, N], as gemmPrepared reads them: [depth block][panel][depth][8 or 16]. */
export function gemmPanels(
  b: usize, bRow: i32, bCol: i32, panels: usize, N: i32, K: i32, begin: i32, end: i32, thread: i32,
): void {
  const width = panelColumns();
  const block = blockDepth(K);
  for (let k = 0; k < K; k += block) {
    const depth = min(block, K - k);
    const to = at(panels, k * filledColumns(N) + begin * depth);
    packPanels(at(b, k * bRow + begin * bCol), bCol, bRow, end - begin, depth, to, width, panelBytes(depth, width));
  }
}

/** Rows [begin, end), in fours, of A [M, K] for ranges of columns to share: [depth block][row / 4][depth][4]. */
export function gemmLeftPanels(
  a: usize, aRow: i32, aCol: i32, left: usize, M: i32, K: i32, begin: i32, end: i32, thread: i32,
): void {
  const block = blockDepth(K);
  for (let k = 0; k < K; k += block) {
    const depth = min(block, K - k);
    const to = at(left, k * ((M + 3) & ~3) + begin * depth);
    packPanels(at(a, begin * aRow + k * aCol), aRow, aCol, end - begin, depth, to, 4, (<usize>depth) << 4);
  }
}

/**
 * Rows (or columns, in whole panels) [begin, end) of a product whose right factor is in panels, and where `shared` is given
 * the left one, too. Sums run as in `gemm`: the same bits.
 */
export function gemmPrepared(
  a: usize, aRow: i32, aCol: i32, shared: usize, panels: usize, c: usize, cRow: i32,
  M: i32, N: i32, K: i32, mode: i32, bias: usize, scratch: usize, byColumns: i32, begin: i32, end: i32, thread: i32,
): void {
  const own = scratch + <usize>thread * gemmScratchBytes();
  const width = panelColumns();
  const first = byColumns ? begin : 0;
  const columns = byColumns ? end - begin : N;
  const top = byColumns ? 0 : begin;
  const bottom = byColumns ? M : end;
  const block = blockDepth(K);
  const rows = blockRows(bottom - top);
  for (let k = 0; k == 0 || k < K; k += block) {
    const depth = min(block, K - k);
    const right = at(panels, k * filledColumns(N) + first * depth);
    for (let m = top; m < bottom; m += rows) {
      const height = min(rows, bottom - m);
      const left = shared ? at(shared, k * ((M + 3) & ~3) + m * depth) : own + LEFT;
      if (!shared) packPanels(at(a, m * aRow + k * aCol), aRow, aCol, height, depth, left, 4, (<usize>depth) << 4);
      findRows(c, cRow, 0, m, first, height, own);
      multiplyBlock(left, right, width, height, columns, depth, k ? ACCUMULATE : mode, at(bias, first), own);
    }
  }
}

// Columns with those that fill the last panel.
// @ts-ignore: decorator
@inline function filledColumns(N: i32): i32 {
  const width = panelColumns();
  return (N + width - 1) & ~(width - 1);
}

// @ts-ignore: decorator
@inline function panelBytes(depth: i32, width: i32): usize {
  return (<usize>(depth * width)) << 2;
}

// Equal blocks of at most PREPARED_ROWS.
function blockRows(M: i32): i32 {
  const blocks = max(1, (M + PREPARED_ROWS - 1) / PREPARED_ROWS);
  return max(4, ((M + blocks - 1) / blocks + 3) & ~3);
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
