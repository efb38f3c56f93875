import { casesOf } from "./cases.ts";
import { softmaxOp } from "./softmax.ts";

const inputs = [
  { shape: [1] },
  { shape: [3, 1] },
  { shape: [7, 5], range: [-4, 4] },
  { shape: [2, 3, 12] },
  // Without subtracting the largest entry exp would overflow at 89.
  { shape: [5, 9], range: [-120, 120] },
  { shape: [130, 515], range: [-3, 3] },
] as const;

export const softmaxCases = casesOf(
  softmaxOp,
  inputs.map((x) => ({ inputs: { x }, attributes: {}, tolerance: 2e-6 })),
);
