import { casesOf } from "./cases.ts";
import { maxPool2dOp } from "./max-pool2d.ts";

// Random values do not tie, and stay further apart than the step of the finite differences; ties: max-pool2d.test.ts.
export const maxPool2dCases = casesOf(maxPool2dOp, [
  { inputs: { x: { shape: [1, 2, 2, 1] } }, attributes: { size: 2 } },
  { inputs: { x: { shape: [3, 4, 6, 5] } }, attributes: { size: 2 } },
  // A maximum below 0 must win against whatever the kernel starts from.
  { inputs: { x: { shape: [3, 6, 4, 7], range: [-2, -1] } }, attributes: { size: 2 } },
  { inputs: { x: { shape: [2, 9, 6, 9] } }, attributes: { size: 3 } },
  { inputs: { x: { shape: [2, 3, 5, 4] } }, attributes: { size: 1 } },
  { inputs: { x: { shape: [3, 16, 24, 67] } }, attributes: { size: 2 } },
]);
