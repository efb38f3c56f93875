import { casesOf, type OpCase } from "./cases.ts";
import { linearCrossEntropyOp } from "./linear-cross-entropy.ts";

// One by one; tails; more rows than are made at a time on WebGPU.
const sizes = [
  { M: 1, K: 1, V: 1, labelSmoothing: 0, hasBias: true },
  { M: 5, K: 7, V: 9, labelSmoothing: 0, hasBias: true },
  { M: 12, K: 8, V: 20, labelSmoothing: 0.1, hasBias: false },
  { M: 67, K: 12, V: 301, labelSmoothing: 0, hasBias: true },
  { M: 1091, K: 5, V: 7, labelSmoothing: 0.1, hasBias: true },
  { M: 2100, K: 8, V: 12, labelSmoothing: 0, hasBias: true },
];

export const linearCrossEntropyCases: readonly OpCase[] = casesOf(
  linearCrossEntropyOp,
  sizes.map(({ M, K, V, labelSmoothing, hasBias }) => ({
    inputs: {
      x: { shape: [M, K] },
      weight: { shape: [V, K] },
      ...(hasBias && { bias: { shape: [V] } }),
      targets: { shape: [M], range: [0, V] as const },
    },
    attributes: { labelSmoothing },
    skipFiniteDifference: M > 1000,
  })),
);
