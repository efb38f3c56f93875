import { casesOf, type OpCase } from "./cases.ts";
import { productShapes, toleranceOf } from "./linear.cases.ts";
import { linearGeluOp } from "./linear-gelu.ts";

export const linearGeluCases: readonly OpCase[] = casesOf(
  linearGeluOp,
  productShapes.map(({ leading, K, N }) => ({
    inputs: { x: { shape: [...leading, K] }, weight: { shape: [N, K] }, bias: { shape: [N] } },
    attributes: {},
    tolerance: toleranceOf(K),
  })),
);
