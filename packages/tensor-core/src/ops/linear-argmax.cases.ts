import { casesOf, type OpCase } from "./cases.ts";
import { linearArgmaxOp } from "./linear-argmax.ts";
import { productShapes } from "./linear.cases.ts";

// Ties in whole numbers: the lowest index. A column that is no number is never chosen, nor is one where all are none.
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
  { inputs: { x: { shape: [2, 3], values: [0, 0, 0, 1, Infinity, 1] }, weight: { shape: [9, 3] } }, attributes: {} },
]);
