import { binaryCrossEntropyOp } from "./binary-cross-entropy.ts";
import { casesOf } from "./cases.ts";

const sizes = [
  { shape: [1] },
  { shape: [3, 5], weighted: true },
  { shape: [2, 11] },
  // Where exp(-|x|) no longer counts beside 1, and where it is most of the loss.
  { shape: [6, 7], range: [-30, 30] as const, weighted: true },
  { shape: [3, 31, 43, 17], range: [-8, 8] as const, weighted: true, skipFiniteDifference: true },
  { shape: [129, 1003], skipFiniteDifference: true },
];

// What is right for sure costs exp(-|x|) and no more: the digits of a loss far below 1.
const certain = {
  inputs: {
    logits: { shape: [2, 4], values: [12, -12, 15, -18, 20, -25, 14, -13] },
    targets: { shape: [2, 4], values: [1, 0, 1, 0, 1, 0, 1, 0] },
  },
  attributes: {},
  unit: 1e-6,
};

// Beyond what exp has in float32.
const huge = {
  inputs: {
    logits: { shape: [6], values: [1000, -1000, 100, -100, 89, -89] },
    targets: { shape: [6], values: [0, 1, 1, 0, 0.5, 0.5] },
  },
  attributes: {},
  // The numeric gradient of a loss near 1000 loses digits to the subtraction.
  finiteDifferenceTolerance: 1e-5,
};

export const binaryCrossEntropyCases = casesOf(binaryCrossEntropyOp, [
  certain,
  huge,
  ...sizes.map(({ shape, range = [-3, 3] as const, weighted, skipFiniteDifference = false }) => ({
    inputs: {
      logits: { shape, range },
      targets: { shape, range: [0, 1] as const },
      ...(weighted && { weights: { shape, range: [0, 3] as const } }),
    },
    attributes: {},
    skipFiniteDifference,
  })),
]);
