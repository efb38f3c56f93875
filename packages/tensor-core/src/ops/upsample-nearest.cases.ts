import { casesOf } from "./cases.ts";
import { upsampleNearestOp } from "./upsample-nearest.ts";

export const upsampleNearestCases = casesOf(upsampleNearestOp, [
  { inputs: { x: { shape: [1, 1, 1, 1] } }, attributes: { factor: 2 } },
  { inputs: { x: { shape: [3, 5, 3, 5] } }, attributes: { factor: 2 } },
  { inputs: { x: { shape: [2, 2, 4, 7] } }, attributes: { factor: 3 } },
  { inputs: { x: { shape: [2, 3, 2, 4] } }, attributes: { factor: 1 } },
  { inputs: { x: { shape: [3, 8, 12, 67] } }, attributes: { factor: 2 } },
]);
