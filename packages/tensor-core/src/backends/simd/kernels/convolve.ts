// The three products behind convolutions and their transposes, on all threads. Each reads images through windows, so no
// matrix of windows is ever stored; see assembly/im2col.ts and assembly/conv2d.ts.
import type { ConvGeometry } from "../../../ops/conv2d-taps.ts";
import type { Simd } from "../context.ts";
import { ADD_BIAS, gemm, gemmScratch, OVERWRITE, splitProduct } from "./gemm.ts";

/** Fields of Window in assembly/im2col.ts, in its order. */
type Window = readonly [
  height: number,
  width: number,
  channels: number,
  kernelHeight: number,
  kernelWidth: number,
  stride: number,
  top: number,
  left: number,
  rows: number,
  columns: number,
  outputHeight: number,
  outputWidth: number,
  outputStep: number,
  outputTop: number,
  outputLeft: number,
];

/** y = convolution of x with the filter, + bias. Addresses; `bias` 0 for none. */
export function convolve(simd: Simd, geometry: ConvGeometry, x: number, filter: number, bias: number, y: number): void {
  const { outputs, kernelHeight, kernelWidth, channels } = geometry;
  const depth = kernelHeight * kernelWidth * channels;
  const b = { address: filter, row: 1, column: depth };
  if (isPointwise(geometry)) {
    gemm(simd, {
      a: { address: x, row: depth, column: 1 },
      b,
      c: y,
      M: positionsOf(geometry),
      N: outputs,
      K: depth,
      bias,
    });
  } else {
    runWindow(simd, plainWindow(geometry), x, b, y, outputs, bias, geometry.batch, gemmScratch(simd));
  }
}

/** dx = what convolve's result y was computed from, in gradient: the transposed convolution of dy, + bias. */
export function convolveTransposed(
  simd: Simd,
  geometry: ConvGeometry,
  dy: number,
  filter: number,
  bias: number,
  dx: number,
): void {
  const { outputs, channels, kernelHeight, kernelWidth, stride, batch } = geometry;
  if (isPointwise(geometry)) {
    const a = { address: dy, row: outputs, column: 1 };
    const b = { address: filter, row: channels, column: 1 };
    gemm(simd, { a, b, c: dx, M: positionsOf(geometry), N: channels, K: outputs, bias });
    return;
  }
  const turned = simd.scratch(outputs * kernelHeight * kernelWidth * channels * 4);
  const scratch = gemmScratch(simd);
  for (let phase = 0; phase < stride * stride; phase++) {
    const rows = phaseOf(geometry, Math.floor(phase / stride), kernelHeight, geometry.height);
    const columns = phaseOf(geometry, phase % stride, kernelWidth, geometry.width);
    const sizes = [
      outputs,
      kernelHeight,
      kernelWidth,
      channels,
      stride,
      rows.first,
      columns.first,
      rows.taps,
      columns.taps,
    ];
    simd.parallel(
      "turnFilter",
      outputs,
      Math.max(1, Math.ceil(65536 / (channels * kernelHeight * kernelWidth))),
      filter,
      turned,
      ...sizes,
    );
    const window: Window = [
      geometry.rows,
      geometry.columns,
      outputs,
      rows.taps,
      columns.taps,
      1,
      rows.before,
      columns.before,
      rows.positions,
      columns.positions,
      geometry.height,
      geometry.width,
      stride,
      rows.offset,
      columns.offset,
    ];
    runWindow(simd, window, dy, { address: turned, row: channels, column: 1 }, dx, channels, bias, batch, scratch);
  }
}

/** dfilter = gradient of the filter from x and dy. */
export function filterGradient(simd: Simd, geometry: ConvGeometry, x: number, dy: number, dfilter: number): void {
  const { outputs, kernelHeight, kernelWidth, channels } = geometry;
  const depth = kernelHeight * kernelWidth * channels;
  const positions = positionsOf(geometry);
  if (isPointwise(geometry)) {
    const a = { address: dy, row: 1, column: outputs };
    gemm(simd, { a, b: { address: x, row: channels, column: 1 }, c: dfilter, M: outputs, N: depth, K: positions });
    return;
  }
  const { byColumns, count, grain } = splitProduct(simd.threads, outputs, depth, positions);
  const addresses = [dy, x, writeWindow(simd, plainWindow(geometry)), dfilter];
  const sizes = [outputs, positions, depth, OVERWRITE, gemmScratch(simd), Number(byColumns)];
  simd.parallel("convolveFilterGradient", count, grain, ...addresses, ...sizes);
}

function runWindow(
  simd: Simd,
  window: Window,
  image: number,
  filter: { address: number; row: number; column: number },
  y: number,
  outputs: number,
  bias: number,
  batch: number,
  scratch: number,
): void {
  const [, , channels, kernelHeight, kernelWidth, , , , rows, columns] = window;
  const positions = batch * rows * columns;
  const depth = kernelHeight * kernelWidth * channels;
  const { byColumns, count, grain } = splitProduct(simd.threads, positions, outputs, depth);
  const factors = [image, writeWindow(simd, window), filter.address, filter.row, filter.column, y, outputs];
  const rest = [positions, depth, bias ? ADD_BIAS : OVERWRITE, bias, scratch, Number(byColumns)];
  simd.parallel("convolve", count, grain, ...factors, ...rest);
}

// Pixels y = offset + stride * i of the larger side meet the taps first + stride * t, t < taps, on rows i - before + t of
// the smaller side once the taps are turned round.
function phaseOf({ stride, padding }: ConvGeometry, offset: number, kernel: number, size: number) {
  const first = (offset + padding) % stride;
  const taps = Math.max(0, Math.ceil((kernel - first) / stride));
  const before = taps - 1 - (offset + padding - first) / stride;
  return { offset, first, taps, before, positions: Math.max(0, Math.ceil((size - offset) / stride)) };
}

function plainWindow(geometry: ConvGeometry): Window {
  const { height, width, channels, kernelHeight, kernelWidth, stride, padding, rows, columns } = geometry;
  return [
    height,
    width,
    channels,
    kernelHeight,
    kernelWidth,
    stride,
    padding,
    padding,
    rows,
    columns,
    rows,
    columns,
    1,
    0,
    0,
  ];
}

function writeWindow(simd: Simd, window: Window): number {
  const address = simd.scratch(window.length * 4);
  simd.int32(address, window.length).set(window);
  return address;
}

function positionsOf({ batch, rows, columns }: ConvGeometry): number {
  return batch * rows * columns;
}

// 1 x 1, stride 1, no padding: images are matrices already.
function isPointwise({ kernelHeight, kernelWidth, stride, padding }: ConvGeometry): boolean {
  return kernelHeight === 1 && kernelWidth === 1 && stride === 1 && padding === 0;
}
