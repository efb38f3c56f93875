import { adamWOp } from "./adamw.ts";
import { casesOf } from "./cases.ts";

const lists = (shapes: readonly (readonly number[])[]) => ({
  parameters: shapes.map((shape) => ({ shape })),
  gradients: shapes.map((shape) => ({ shape })),
  firstMoments: shapes.map((shape) => ({ shape })),
  secondMoments: shapes.map((shape) => ({ shape, range: [0, 1] as const })),
});
const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 3 };
const norm = (value: number) => ({ shape: [], values: [value] });

export const adamWCases = casesOf(adamWOp, [
  {
    inputs: lists([[1], [7, 3], []]),
    attributes: { ...options, learningRates: [1e-2, 1e-3, 0], weightDecays: [0, 0.05, 0.1] },
  },
  {
    inputs: { ...lists([[5, 13], [31]]), norm: norm(10) },
    attributes: {
      ...options,
      beta2: 0.95,
      step: 1000,
      learningRates: [1e-2, 2e-2],
      weightDecays: [0, 0.5],
      maxNorm: 3,
    },
  },
  {
    inputs: { ...lists([[5], [3]]), norm: norm(2) },
    attributes: { ...options, step: 1, learningRates: [1e-2, 2e-2], weightDecays: [0, 0.5], maxNorm: 3 },
  },
  {
    inputs: lists([[40003], [3], [64, 129]]),
    attributes: { ...options, learningRates: [1e-2, 1e-2, 1e-3], weightDecays: [0.05, 0, 0.05] },
  },
]);
