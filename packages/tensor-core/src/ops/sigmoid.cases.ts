import { casesOf } from "./cases.ts";
import { sigmoidOp } from "./sigmoid.ts";

export const sigmoidCases = casesOf(sigmoidOp, [
  { inputs: { x: { shape: [1] } }, attributes: {} },
  { inputs: { x: { shape: [2, 7, 11], range: [-9, 9] } }, attributes: {} },
  // Beyond +-88 the exponential leaves float32: the function must saturate, not turn into NaN.
  { inputs: { x: { shape: [9], values: [-1000, -104, -89, -20, 0, 20, 89, 104, 1000] } }, attributes: {} },
  { inputs: { x: { shape: [3, 31, 43, 17], range: [-30, 30] } }, attributes: {} },
]);
