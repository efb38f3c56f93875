import { accumulateOp } from "./accumulate.ts";
import { casesOf } from "./cases.ts";

const lists = (shapes: readonly (readonly number[])[]) => ({
  targets: shapes.map((shape) => ({ shape })),
  sources: shapes.map((shape) => ({ shape })),
});

export const accumulateCases = casesOf(accumulateOp, [
  { inputs: lists([[1], [7, 3], [2, 64]]), attributes: { scale: 1 } },
  { inputs: lists([[70003]]), attributes: { scale: -0.25 } },
]);
