// Convolutions as matrix products over windows (im2col.ts). The input gradient and the transposed convolution need no
// scattering: pixels with the same remainder modulo the stride form a plain convolution of the smaller side, stride 1.
import { gemmScratchBytes, multiply } from "./gemm";
import { copyFloats } from "./gemm-pack";
import { at } from "./lanes";

/**
 * Positions (or outputs) [begin, end) of y[pixel(position), o] = sum_k window(position)[k] filter(k, o) with
 * filter(k, o) = filter[k * filterRow + o * filterCol]; `depth` values k, `pitch` outputs in a pixel of y.
 */
export function convolve(
  image: usize, window: usize, filter: usize, filterRow: i32, filterCol: i32, y: usize, pitch: i32, positions: i32,
  depth: i32, mode: i32, bias: usize, scratch: usize, byOutputs: i32, begin: i32, end: i32, thread: i32,
): void {
  const own = scratch + <usize>thread * gemmScratchBytes();
  const count = end - begin;
  if (byOutputs) {
    multiply(
      image, 0, 0, window, at(filter, begin * filterCol), filterRow, filterCol, 0, at(y, begin), pitch,
      positions, count, depth, mode, at(bias, begin), own,
    );
  } else {
    multiply(image, begin, 0, window, filter, filterRow, filterCol, 0, y, pitch, count, pitch, depth, mode, bias, own);
  }
}

/** Outputs (or columns k) [begin, end) of dfilter[o, k] = sum over positions of dy[position, o] window(position)[k]. */
export function convolveFilterGradient(
  dy: usize, image: usize, window: usize, dfilter: usize, outputs: i32, positions: i32, depth: i32, mode: i32,
  scratch: usize, byColumns: i32, begin: i32, end: i32, thread: i32,
): void {
  const own = scratch + <usize>thread * gemmScratchBytes();
  const count = end - begin;
  if (byColumns) {
    multiply(
      dy, 1, outputs, 0, image, 0, begin, window, at(dfilter, begin), depth, outputs, count, positions,
      mode, 0, own,
    );
  } else {
    multiply(
      at(dy, begin), 1, outputs, 0, image, 0, 0, window, at(dfilter, begin * depth), depth, count, depth, positions,
      mode, 0, own,
    );
  }
}

/**
 * Outputs [begin, end) of the part of a filter [outputs, kernelHeight, kernelWidth, channels] that meets pixels of one
 * remainder: rows firstRow + stride * t and columns firstColumn + stride * u, turned round, as [t, u, outputs, channels].
 */
export function turnFilter(
  filter: usize, to: usize, outputs: i32, kernelHeight: i32, kernelWidth: i32, channels: i32, stride: i32,
  firstRow: i32, firstColumn: i32, rows: i32, columns: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let t = 0; t < rows; t++) {
    for (let u = 0; u < columns; u++) {
      const row = firstRow + stride * (rows - 1 - t);
      const column = firstColumn + stride * (columns - 1 - u);
      for (let o = begin; o < end; o++) {
        copyFloats(
          at(filter, ((o * kernelHeight + row) * kernelWidth + column) * channels),
          at(to, ((t * columns + u) * outputs + o) * channels),
          channels,
        );
      }
    }
  }
}
