import { casesOf, type OpCase } from "./cases.ts";
import { linearArgmaxOp } from "./linear-argmax.ts";
import { productShapes } from "./linear.cases.ts";

// Ties in whole numbers: the lowest index. The first output that is no number goes before all others.
const tie = { x: [1, 2, 0, 1], weight: [1, 1, 2, 0.5, 0, 3, 2, 0.5] };

export const linearArgmaxCases: readonly OpCase[] = casesOf(linearArgmaxOp, [
  ...productShapes.flatMap(({ leading, K, N }) =>
    [true, false].map((hasBias) => ({
      inputs: {
        x: { shape: [...leading, K] },
        weight: { shape: [N, K] },
        ...(hasBias ? { bias: { shape: [N] } } : {}),
      },
      attributes: {},
    })),
  ),
  { inputs: { x: { shape: [2, 2], values: tie.x }, weight: { shape: [4, 2], values: tie.weight } }, attributes: {} },
  {
    inputs: {
      x: { shape: [3, 1], values: [1, NaN, 0] },
      weight: { shape: [3, 1], values: [-2, NaN, -1] },
    },
    attributes: {},
  },
  {
    inputs: {
      x: { shape: [2, 2], values: [1, 2, 3, -4] },
      weight: { shape: [5, 2], values: [9, 9, -9, -9, 1, NaN, 8, 8, NaN, 1] },
    },
    attributes: {},
  },
  {
    inputs: { x: { shape: [1, 2] }, weight: { shape: [5, 2] }, bias: { shape: [5], values: [9, 0, 0, NaN, 9] } },
    attributes: {},
  },
  { inputs: { x: { shape: [2, 3], values: [0, 0, 0, 1, Infinity, 1] }, weight: { shape: [9, 3] } }, attributes: {} },
]);
