import { casesOf } from "./cases.ts";
import { globalNormOp } from "./global-norm.ts";

const list = (shapes: readonly (readonly number[])[]) => ({
  inputs: { tensors: shapes.map((shape) => ({ shape })) },
  attributes: {},
});

export const globalNormCases = casesOf(globalNormOp, [
  list([[1]]),
  list([[], [3, 5], [7], [2, 64]]),
  list([[150001], [3], [64, 65]]),
  // Squares of these leave float32.
  { inputs: { tensors: [{ shape: [37], range: [1e25, 2e25] }] }, attributes: {} },
]);
