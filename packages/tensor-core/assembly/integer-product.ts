// C = A B of rows of small integers (quantize.ts), scaled back to floats: with 16 bits twice as fast as multiplying and adding
// floats; how fast 8 bits are depends on the processor. Blocks as in gemm.ts, whose sums between blocks stand in C.
import { multiplyBytes16, multiplyBytes8, multiplyPairs16, multiplyPairs8 } from "./integer-tile";
import { at } from "./lanes";
import { INT16 } from "./quantize";
import { loadUpTo, storeUpTo } from "./tail";

// Words of 32 bits: a block of a panel (12 KiB of 8 columns) stays in the first cache, ROWS x DEPTH (384 KiB) in the second: an
// image of 16 x 16 patches is one block of rows.
const DEPTH: i32 = 384;
const ROWS: i32 = 256;
/** Words whose products of 16 bits are summed before they become floats: 64 values. */
export const EXACT_WORDS: i32 = 32;

/**
 * Columns of panels [begin, end): c [M, N] = rowScale * columnScale * (sum - offset * columnSum) + bias. Panels of rows, `q`,
 * and of columns are from quantizeRows and packRows with the same pitch; `offsets` and `columnSums` are for 8 bits only.
 * `tiles` holds 256 bytes for each thread.
 */
export function multiplyQuantized(
  q: usize, rowScales: usize, offsets: usize, panels: usize, columnScales: usize, columnSums: usize, bias: usize,
  c: usize, M: i32, N: i32, pitch: i32, bytes: i32, width: i32, tiles: usize, begin: i32, end: i32, thread: i32,
): void {
  const tile = tiles + (<usize>thread << 8);
  const words = (pitch * bytes) >> 2;
  for (let m0 = 0; m0 < M; m0 += ROWS) {
    const last = min(M, m0 + ROWS);
    for (let w = 0; w < words; w += DEPTH) {
      const depth = min(DEPTH, words - w);
      const isEnd = w + depth == words;
      for (let panel = begin; panel < end; panel++) {
        const right = at(panels, (panel * words + w) * width);
        const column = panel * width;
        const columns = min(width, N - column);
        const scales = at(columnScales, column);
        const sums = at(columnSums, column);
        const added = bias ? at(bias, column) : 0;
        for (let m = m0; m < last; m += 4) {
          multiplyTile(at(q, m * words + 4 * w), right, depth, bytes, width, tile);
          for (let i = m; i < min(m + 4, last); i++) {
            const from = at(tile, (i - m) * width);
            const to = at(c, i * N + column);
            const offset: f32 = bytes == INT16 ? 0 : load<f32>(at(offsets, i));
            if (w > 0) addRow(from, to, columns);
            if (isEnd) scaleRow(from, to, columns, load<f32>(at(rowScales, i)), offset, scales, sums, added);
            else copyRow(from, to, columns);
          }
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline function multiplyTile(a: usize, panel: usize, depth: i32, bytes: i32, width: i32, tile: usize): void {
  if (bytes == INT16) {
    for (let w = 0; w < depth; w += EXACT_WORDS) {
      const count = min(EXACT_WORDS, depth - w);
      const right = at(panel, w * width);
      if (ASC_FEATURE_RELAXED_SIMD && width == 16) multiplyPairs16(at(a, 4 * w), right, count, tile, w > 0);
      else multiplyPairs8(at(a, 4 * w), right, count, tile, w > 0);
    }
  } else if (ASC_FEATURE_RELAXED_SIMD) {
    if (width == 16) multiplyBytes16(a, panel, depth, tile);
    else multiplyBytes8(a, panel, depth, tile);
  }
}

// @ts-ignore: decorator
@inline function addRow(row: usize, c: usize, columns: i32): void {
  for (let j = 0; j < columns; j += 4) {
    v128.store(at(row, j), f32x4.add(v128.load(at(row, j)), loadUpTo(at(c, j), columns - j, 0)));
  }
}

// @ts-ignore: decorator
@inline function copyRow(row: usize, c: usize, columns: i32): void {
  for (let j = 0; j < columns; j += 4) storeUpTo(at(c, j), v128.load(at(row, j)), columns - j);
}

// @ts-ignore: decorator
@inline function scaleRow(
  row: usize, c: usize, columns: i32, scale: f32, offset: f32, columnScales: usize, columnSums: usize, bias: usize,
): void {
  const scales = f32x4.splat(scale);
  for (let j = 0; j < columns; j += 4) {
    let value = v128.load(at(row, j));
    if (offset != 0) value = f32x4.sub(value, f32x4.mul(f32x4.splat(offset), v128.load(at(columnSums, j))));
    value = f32x4.mul(f32x4.mul(value, v128.load(at(columnScales, j))), scales);
    if (bias) value = f32x4.add(value, loadUpTo(at(bias, j), columns - j, 0));
    storeUpTo(at(c, j), value, columns - j);
  }
}
