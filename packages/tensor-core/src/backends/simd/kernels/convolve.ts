// The three products behind convolutions and their transposes, on all threads. Each reads images through windows, so no
// matrix of windows is ever stored; see assembly/im2col.ts and assembly/conv2d.ts.
import type { ConvGeometry } from "../../../ops/conv2d-taps.ts";
import type { Tensor } from "../../../tensor.ts";
import { grainFor, type Simd } from "../context.ts";
import {
  ADD_BIAS,
  gemm,
  gemmScratch,
  OVERWRITE,
  preparedGemm,
  preparePanels,
  splitProduct,
  type Factor,
} from "./gemm.ts";
import { multiplyQuantized } from "./quantized.ts";
import { winograd, winogradPays } from "./winograd.ts";

// Images of up to so many pixels are integer products also under larger filters: filters are large there, and their transformed
// forms, though faster, would take eight times the memory.
const SMALL_IMAGE = 1024;

/** Addresses. `larger` is the image of a convolution, `smaller` its result, `bias` one value per output or 0. */
export type ConvAddresses = {
  readonly larger: number;
  readonly filter: number;
  readonly smaller: number;
  readonly bias: number;
};

// Fields of Window in assembly/im2col.ts, in its order.
const windowFields = [
  ...([
    "height",
    "width",
    "channels",
    "kernelHeight",
    "kernelWidth",
    "stride",
    "top",
    "left",
    "rows",
    "columns",
  ] as const),
  ...(["outputHeight", "outputWidth", "outputStep", "outputTop", "outputLeft"] as const),
];
type Window = Readonly<Record<(typeof windowFields)[number], number>>;

/** smaller = convolution of larger with the filter, + bias. */
export function convolve(simd: Simd, geometry: ConvGeometry, { larger, filter, smaller, bias }: ConvAddresses): void {
  const { outputs } = geometry;
  const depth = depthOf(geometry);
  const b = { address: filter, row: 1, column: depth };
  if (isPointwise(geometry)) {
    const a = { address: larger, row: depth, column: 1 };
    gemm(simd, { a, b, c: smaller, M: positionsOf(geometry), N: outputs, K: depth, bias });
    return;
  }
  const scratch = gemmScratch(simd);
  runWindow(
    simd,
    { window: plainWindow(geometry), positions: positionsOf(geometry), depth, outputs },
    larger,
    b,
    smaller,
    bias,
    scratch,
  );
}

/**
 * The same with a filter that is not in training: in the form that is made once of it, where there is one that pays. Sums
 * of 3 x 3 filters then run in another order (winograd.ts).
 */
export function convolvePrepared(
  simd: Simd,
  geometry: ConvGeometry,
  filter: Tensor,
  addresses: Omit<ConvAddresses, "filter">,
): void {
  const { larger, smaller, bias } = addresses;
  const address = simd.pointer(filter);
  const { outputs, rows, columns } = geometry;
  if (simd.precision !== "float32" && (isPointwise(geometry) || rows * columns <= SMALL_IMAGE)) {
    const pixels = isPointwise(geometry)
      ? { x: larger }
      : { image: larger, window: writeWindow(simd, plainWindow(geometry)) };
    const sizes = { M: positionsOf(geometry), N: outputs, K: depthOf(geometry) };
    multiplyQuantized(simd, simd.precision, { rows: pixels, weight: filter, ...sizes, bias, y: smaller });
  } else if (winogradPays(geometry)) winograd(simd, geometry, filter, addresses);
  else if (isPointwise(geometry)) {
    const { channels: K, outputs: N } = geometry;
    const panels = preparePanels(simd, filter, { address, row: 1, column: K }, N, K);
    const a = { address: larger, row: K, column: 1 };
    preparedGemm(simd, { a, panels, c: smaller, M: positionsOf(geometry), N, K, bias });
  } else convolve(simd, geometry, { ...addresses, filter: address });
}

/** larger = transposed convolution of smaller, + bias: what the input gradient of `convolve` is. */
export function convolveTransposed(simd: Simd, geometry: ConvGeometry, addresses: ConvAddresses): void {
  const { batch, outputs, channels, stride } = geometry;
  const { larger, filter, smaller, bias } = addresses;
  if (isPointwise(geometry)) {
    const a = { address: smaller, row: outputs, column: 1 };
    const b = { address: filter, row: channels, column: 1 };
    gemm(simd, { a, b, c: larger, M: positionsOf(geometry), N: channels, K: outputs, bias });
    return;
  }
  const b = { address: simd.scratch(outputs * depthOf(geometry) * 4), row: channels, column: 1 };
  const scratch = gemmScratch(simd);
  for (let phase = 0; phase < stride * stride; phase++) {
    const rows = phaseOf(geometry, Math.floor(phase / stride), geometry.kernelHeight, geometry.height);
    const columns = phaseOf(geometry, phase % stride, geometry.kernelWidth, geometry.width);
    turnFilter(simd, geometry, filter, b.address, rows, columns);
    const window = phaseWindow(geometry, rows, columns);
    const sizes = { positions: batch * rows.positions * columns.positions, depth: rows.taps * columns.taps * outputs };
    runWindow(simd, { window, ...sizes, outputs: channels }, smaller, b, larger, bias, scratch);
  }
}

/** Gradient of the filter from both sides (one of them a gradient itself). */
export function filterGradient(
  simd: Simd,
  geometry: ConvGeometry,
  { larger, smaller, filter }: Omit<ConvAddresses, "bias">,
): void {
  const { outputs } = geometry;
  const depth = depthOf(geometry);
  const positions = positionsOf(geometry);
  if (isPointwise(geometry)) {
    const a = { address: smaller, row: 1, column: outputs };
    gemm(simd, { a, b: { address: larger, row: depth, column: 1 }, c: filter, M: outputs, N: depth, K: positions });
    return;
  }
  const { byColumns, count, grain } = splitProduct(simd.threads, outputs, depth, positions);
  const addresses = [smaller, larger, writeWindow(simd, plainWindow(geometry)), filter] as const;
  const rest = [outputs, positions, depth, OVERWRITE, gemmScratch(simd), Number(byColumns)] as const;
  simd.parallel("convolveFilterGradient", count, grain, ...addresses, ...rest);
}

type WindowProduct = {
  readonly window: Window;
  readonly positions: number;
  readonly depth: number;
  readonly outputs: number;
};

function runWindow(
  simd: Simd,
  { window, positions, depth, outputs }: WindowProduct,
  image: number,
  filter: Factor,
  result: number,
  bias: number,
  scratch: number,
): void {
  const { byColumns, count, grain } = splitProduct(simd.threads, positions, outputs, depth);
  const factors = [
    image,
    writeWindow(simd, window),
    filter.address,
    filter.row,
    filter.column,
    result,
    outputs,
  ] as const;
  const rest = [positions, depth, bias ? ADD_BIAS : OVERWRITE, bias, scratch, Number(byColumns)] as const;
  simd.parallel("convolve", count, grain, ...factors, ...rest);
}

type Phase = ReturnType<typeof phaseOf>;

// Along one axis, pixels offset + stride * i of the larger side meet the taps first + stride * t, t < taps. Turned round,
// these taps are a filter of stride 1 over the smaller side that starts `before` the position i.
function phaseOf({ stride, padding }: ConvGeometry, offset: number, kernel: number, size: number) {
  const first = (offset + padding) % stride;
  const taps = Math.max(0, Math.ceil((kernel - first) / stride));
  const before = taps - 1 - (offset + padding - first) / stride;
  return { offset, first, taps, before, positions: Math.max(0, Math.ceil((size - offset) / stride)) };
}

function turnFilter(simd: Simd, geometry: ConvGeometry, filter: number, to: number, rows: Phase, columns: Phase): void {
  const { outputs, kernelHeight, kernelWidth, channels, stride } = geometry;
  const sizes = [outputs, kernelHeight, kernelWidth, channels, stride] as const;
  const part = [rows.first, columns.first, rows.taps, columns.taps] as const;
  const grain = grainFor(rows.taps * columns.taps * channels, { work: 65536 });
  simd.parallel("turnFilter", outputs, grain, filter, to, ...sizes, ...part);
}

function phaseWindow(geometry: ConvGeometry, rows: Phase, columns: Phase): Window {
  return {
    height: geometry.rows,
    width: geometry.columns,
    channels: geometry.outputs,
    kernelHeight: rows.taps,
    kernelWidth: columns.taps,
    stride: 1,
    top: rows.before,
    left: columns.before,
    rows: rows.positions,
    columns: columns.positions,
    outputHeight: geometry.height,
    outputWidth: geometry.width,
    outputStep: geometry.stride,
    outputTop: rows.offset,
    outputLeft: columns.offset,
  };
}

function plainWindow(geometry: ConvGeometry): Window {
  const { padding, rows, columns } = geometry;
  const output = { outputHeight: rows, outputWidth: columns, outputStep: 1, outputTop: 0, outputLeft: 0 };
  return { ...geometry, top: padding, left: padding, ...output };
}

function writeWindow(simd: Simd, window: Window): number {
  const address = simd.scratch(windowFields.length * 4);
  const words = windowFields.map((field) => window[field]);
  simd.int32(address, words.length).set(words);
  return address;
}

function positionsOf({ batch, rows, columns }: ConvGeometry): number {
  return batch * rows * columns;
}

function depthOf({ kernelHeight, kernelWidth, channels }: ConvGeometry): number {
  return kernelHeight * kernelWidth * channels;
}

// 1 x 1, stride 1, no padding: images are matrices already.
function isPointwise({ kernelHeight, kernelWidth, stride, padding }: ConvGeometry): boolean {
  return kernelHeight === 1 && kernelWidth === 1 && stride === 1 && padding === 0;
}
