import { casesOf } from "./cases.ts";
import { globalNormOp } from "./global-norm.ts";

const list = (shapes: readonly (readonly number[])[]) => ({
  inputs: { tensors: shapes.map((shape) => ({ shape })) },
  attributes: {},
});

export const globalNormCases = casesOf(globalNormOp, [
  list([[1]]),
  list([[], [3, 5], [7], [2, 64]]),
  list([[150001], [3], [64, 65]]),
  // Squares of these leave float32.
  { inputs: { tensors: [{ shape: [37], range: [1e25, 2e25] }] }, attributes: {} },
  { inputs: { tensors: [{ shape: [37], range: [1e30, 2e30] }, { shape: [5] }] }, attributes: {} },
  // And so do those of these, downwards: alone, beside middling ones that are small, too, and beside large ones.
  ...[
    [1e-30, 2e-30],
    [1e-19, 3e-18],
    [1e-25, 1e-15],
  ].map(([low, high]) => ({
    inputs: {
      tensors: [
        { shape: [37], range: [low, high] as const },
        { shape: [3], range: [low, high] as const },
      ],
    },
    attributes: {},
    unit: low,
  })),
  { inputs: { tensors: [{ shape: [4], values: [1e-30, 2, -3e-20, 1e30] }] }, attributes: {} },
  { inputs: { tensors: [{ shape: [4], values: [1e-30, 2e-9, -3e-20, 0] }] }, attributes: {}, unit: 1e-9 },
  { inputs: { tensors: [{ shape: [3], values: [0, 0, 0] }] }, attributes: {} },
]);
