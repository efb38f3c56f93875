import { argmaxOp } from "./argmax.ts";
import { casesOf } from "./cases.ts";

const shapes = [[5], [3, 1], [3, 5], [2, 7, 16], [3, 8192], [3, 7, 11, 131]];

export const argmaxCases = casesOf(argmaxOp, [
  ...shapes.map((shape) => ({ inputs: { x: { shape } }, attributes: {} })),
  // All below 0, and ties within a group of four lanes, across groups and into the tail.
  { inputs: { x: { shape: [2, 3], values: [-3, -1, -2, -5, -5, -5] } }, attributes: {} },
  {
    inputs: { x: { shape: [2, 11], values: [0, 0, 0, 2, 1, 2, 2, 0, 2, 2, 2, 0, 0, 0, 0, 1, 0, 0, 0, 7, 7, 7] } },
    attributes: {},
  },
  // The first NaN: before, behind and between larger values, in the tail; and beside infinities.
  {
    inputs: {
      x: { shape: [4, 5], values: [NaN, 1, 2, 3, NaN, 9, 8, NaN, 7, NaN, 1, 2, 3, 4, NaN, 5, Infinity, 0, NaN, NaN] },
    },
    attributes: {},
  },
  {
    inputs: {
      x: {
        shape: [2, 9],
        values: [0, 0, 0, 0, Infinity, 0, 0, 0, NaN, ...Array.from<number>({ length: 9 }).fill(-Infinity)],
      },
    },
    attributes: {},
  },
  // Zeros of either sign are one value.
  { inputs: { x: { shape: [1, 6], values: [-1, -0, 0, -0, 0, -2] } }, attributes: {} },
  { inputs: { x: { shape: [1, 9], values: [-Infinity, -Infinity, 0, 0, 0, 0, 0, 3, 3] } }, attributes: {} },
]);
