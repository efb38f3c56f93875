import { casesOf, type OpCase } from "./cases.ts";
import { conv2dOp } from "./conv2d.ts";

export type ConvShape = {
  /** Batch, height, width, channels of the input. */
  readonly x: readonly [number, number, number, number];
  readonly outputs: number;
  readonly kernel: readonly [number, number];
  readonly stride: number;
  readonly padding: number;
  readonly bias?: false;
  /** Weights of the filter are in [-range, range]; 1 if not said. */
  readonly range?: number;
  /** Of the convolution's results; its transpose and its gradients take no other way than the rest. */
  readonly tolerance?: number;
};

// 3 x 3 filters over enough pixels and channels go Winograd's way on simd. The largest error of layers with 64 to 1024
// channels is 2e-5 of the deviation of the results (direct sums: 2e-6), and a third of what the usual points +-1, +-2 give.
// Filters of such cases have weights that make this deviation about 1.
const winogradTolerance = 3e-5;

// For convolutions and for their transposes.
export const convShapes: readonly ConvShape[] = [
  { x: [1, 1, 1, 1], outputs: 1, kernel: [1, 1], stride: 1, padding: 0 },
  { x: [2, 3, 5, 4], outputs: 6, kernel: [1, 1], stride: 1, padding: 0 },
  { x: [3, 5, 7, 3], outputs: 4, kernel: [3, 3], stride: 1, padding: 1 },
  { x: [2, 4, 5, 4], outputs: 6, kernel: [3, 3], stride: 1, padding: 1, bias: false },
  { x: [1, 9, 8, 1], outputs: 2, kernel: [7, 7], stride: 1, padding: 3 },
  { x: [2, 8, 6, 3], outputs: 5, kernel: [4, 4], stride: 2, padding: 1 },
  { x: [1, 7, 9, 2], outputs: 3, kernel: [3, 3], stride: 2, padding: 1 },
  { x: [1, 8, 5, 2], outputs: 3, kernel: [3, 2], stride: 2, padding: 0, bias: false },
  // A stride longer than the filter: pixels that no filter position touches.
  { x: [2, 5, 4, 3], outputs: 4, kernel: [1, 1], stride: 2, padding: 0 },
  { x: [1, 9, 8, 2], outputs: 3, kernel: [2, 2], stride: 3, padding: 1 },
  // Large enough for several ranges, by positions and by outputs.
  { x: [2, 14, 15, 16], outputs: 24, kernel: [3, 3], stride: 1, padding: 1, range: 0.25, tolerance: winogradTolerance },
  { x: [3, 24, 26, 3], outputs: 32, kernel: [4, 4], stride: 2, padding: 1 },
  { x: [1, 4, 4, 40], outputs: 150, kernel: [3, 3], stride: 1, padding: 1 },
];

// Padding beyond the filter: border results see nothing but zeros. A transposed convolution would have nothing left.
const plainOnly: readonly ConvShape[] = [
  { x: [1, 4, 3, 2], outputs: 3, kernel: [1, 1], stride: 1, padding: 1 },
  { x: [1, 3, 4, 2], outputs: 2, kernel: [2, 2], stride: 2, padding: 3 },
  { x: [1, 30, 28, 3], outputs: 40, kernel: [7, 7], stride: 1, padding: 3 },
];

// Winograd's way: whole and partial tiles, channels and outputs that fill no vector, and splits by outputs and by tiles.
const winogradShapes: readonly ConvShape[] = (
  [
    { x: [1, 8, 8, 16], outputs: 16 },
    { x: [1, 13, 5, 17], outputs: 16, bias: false },
    { x: [2, 5, 7, 33], outputs: 35 },
    { x: [1, 9, 11, 70], outputs: 69 },
    { x: [3, 13, 12, 31], outputs: 22 },
    { x: [2, 41, 38, 18], outputs: 19 },
  ] as const
).map(({ x, ...shape }) => ({
  ...{ x, kernel: [3, 3], stride: 1, padding: 1, range: 1 / Math.sqrt(x[3]), tolerance: winogradTolerance },
  ...shape,
}));

// Filter and bias gradients sum over up to 1872 positions: float32 rounding of about sqrt(1872) * 6e-8 * partial sums.
export const gradientTolerance = 3e-5;

export const conv2dCases: readonly OpCase[] = casesOf(
  conv2dOp,
  [...convShapes, ...plainOnly, ...winogradShapes].map(({ x, outputs, kernel, bias = true, range = 1, ...rest }) => ({
    inputs: {
      x: { shape: x },
      filter: { shape: [outputs, ...kernel, x[3]], range: [-range, range] },
      ...(bias ? { bias: { shape: [outputs] } } : {}),
    },
    attributes: { stride: rest.stride, padding: rest.padding },
    ...(rest.tolerance !== undefined && { tolerance: rest.tolerance }),
    gradientTolerance,
  })),
);
