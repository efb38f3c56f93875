import { casesOf, type OpCase } from "./cases.ts";
import { productShapes, toleranceOf } from "./linear.cases.ts";
import { matmulOp } from "./matmul.ts";

export const matmulCases: readonly OpCase[] = casesOf(
  matmulOp,
  productShapes.map(({ leading, K, N }) => ({
    inputs: { a: { shape: [...leading, K] }, b: { shape: [K, N] } },
    attributes: {},
    tolerance: toleranceOf(K),
  })),
);
