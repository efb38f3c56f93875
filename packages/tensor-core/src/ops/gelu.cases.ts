import { casesOf } from "./cases.ts";
import { geluOp } from "./gelu.ts";

// Beyond 6 the result is x or 0: the range covers the middle, both ends and the far tails.
const inputs = [
  { shape: [1] },
  { shape: [3, 5], range: [-6, 6] },
  { shape: [2, 3, 17], range: [-2, 2] },
  { shape: [6], values: [0, -0.001, 1e-20, 15, -15, -100] },
  { shape: [65, 1031], range: [-7, 7] },
] as const;

export const geluCases = casesOf(
  geluOp,
  inputs.map((x) => ({ inputs: { x }, attributes: {}, tolerance: 1e-6, gradientTolerance: 1e-6 })),
);
