// A convolution as a matrix: row `position` holds the values under the filter, (row, column, channel) of the filter in
// order, zeros outside the image. The matrix is never stored: parts of it are packed for the product as they are needed.
import { copyFloats, packPanels } from "./gemm-pack";
import { at } from "./lanes";

/** What a filter sees and where its results go; int32 fields in the order in which the host writes them. */
// @ts-ignore: decorator
@unmanaged export class Window {
  height: i32;
  width: i32;
  channels: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  /** Position (i, j) sees rows from i * stride - top and columns from j * stride - left. */
  stride: i32;
  top: i32;
  left: i32;
  rows: i32;
  columns: i32;
  /** Results of position (i, j) go to pixel (i * outputStep + outputTop, j * outputStep + outputLeft). */
  outputHeight: i32;
  outputWidth: i32;
  outputStep: i32;
  outputTop: i32;
  outputLeft: i32;
}

/** Index of the pixel that gets the results of a position. */
export function outputPixel(window: Window, position: i32): i32 {
  const perImage = window.rows * window.columns;
  const index = position / perImage;
  const i = (position - index * perImage) / window.columns;
  const j = position - index * perImage - i * window.columns;
  const row = index * window.outputHeight + i * window.outputStep + window.outputTop;
  return row * window.outputWidth + j * window.outputStep + window.outputLeft;
}

/** Left factor: positions [position, position + lanes), columns [from, from + depth), as panels of four. */
export function packPositions(
  image: usize, window: Window, position: i32, from: i32, lanes: i32, depth: i32, to: usize, rows: usize,
): void {
  for (let lane = 0; lane < lanes; lane += 4) {
    const valid = min(4, lanes - lane);
    for (let r = 0; r < valid; r++) {
      windowRow(image, window, position + lane + r, from, from + depth, at(rows, r * depth));
    }
    packPanels(rows, depth, 1, valid, depth, to, 4, 0);
    to = at(to, 4 * depth);
  }
}

/** Right factor: columns [from, from + lanes) of positions [position, position + depth), as panels of eight. */
export function packTaps(
  image: usize, window: Window, position: i32, from: i32, lanes: i32, depth: i32, to: usize, rows: usize,
): void {
  const panelBytes = (<usize>depth) << 5;
  // Four positions at a time: panels lie a power of two apart, single rows would evict one another from the cache.
  for (let d = 0; d < depth; d += 4) {
    const valid = min(4, depth - d);
    for (let r = 0; r < valid; r++) {
      windowRow(image, window, position + d + r, from, from + lanes, at(rows, r * lanes));
    }
    packPanels(rows, 1, lanes, lanes, valid, at(to, 8 * d), 8, panelBytes);
  }
}

/** Columns [from, to) of one row of the matrix. */
export function windowRow(image: usize, window: Window, position: i32, from: i32, to: i32, target: usize): void {
  if (from >= to) return;
  const channels = window.channels;
  const perImage = window.rows * window.columns;
  const index = position / perImage;
  const i = (position - index * perImage) / window.columns;
  const j = position - index * perImage - i * window.columns;
  const top = i * window.stride - window.top;
  const left = j * window.stride - window.left;
  const run = window.kernelWidth * channels;
  const firstInside = min(run, max(0, -left) * channels);
  const lastInside = max(firstInside, min(window.kernelWidth, window.width - left) * channels);
  let r = from / run;
  for (let k = from; k < to; r++) {
    const begin = r * run;
    const end = min(to, begin + run);
    const y = top + r;
    const inside = y >= 0 && y < window.height;
    const first = inside ? min(end, max(k, begin + firstInside)) : end;
    const last = inside ? max(first, min(end, begin + lastInside)) : end;
    const source = at(image, ((index * window.height + y) * window.width + left) * channels - begin);
    const shift = target - ((<usize>from) << 2);
    fillZeros(at(shift, k), first - k);
    copyFloats(at(source, first), at(shift, first), last - first);
    fillZeros(at(shift, last), end - last);
    k = end;
  }
}

export function fillZeros(to: usize, count: i32): void {
  const end = at(to, count);
  for (; to + 16 <= end; to += 16) v128.store(to, f32x4.splat(0));
  for (; to < end; to += 4) store<f32>(to, 0);
}
