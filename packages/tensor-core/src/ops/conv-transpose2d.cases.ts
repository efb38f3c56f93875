import { casesOf, type OpCase } from "./cases.ts";
import { convShapes, gradientTolerance, type ConvShape } from "./conv2d.cases.ts";
import { convTranspose2dOp } from "./conv-transpose2d.ts";

const transposedOnly: readonly ConvShape[] = [
  { x: [2, 3, 4, 3], outputs: 2, kernel: [2, 2], stride: 2, padding: 0 },
  { x: [2, 8, 7, 32], outputs: 24, kernel: [4, 4], stride: 2, padding: 1 },
];

export const convTranspose2dCases: readonly OpCase[] = casesOf(
  convTranspose2dOp,
  [...convShapes, ...transposedOnly].map(({ x, outputs, kernel, stride, padding, bias = true }) => ({
    inputs: {
      x: { shape: x },
      filter: { shape: [x[3], ...kernel, outputs] },
      ...(bias ? { bias: { shape: [outputs] } } : {}),
    },
    attributes: { stride, padding },
    gradientTolerance,
  })),
);
