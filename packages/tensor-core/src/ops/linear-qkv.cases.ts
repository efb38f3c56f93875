import { casesOf, type OpCase } from "./cases.ts";
import { toleranceOf } from "./linear.cases.ts";
import { linearQkvOp } from "./linear-qkv.ts";

const sizes = [
  { leading: [1], K: 1, D: 1 },
  { leading: [2, 3], K: 9, D: 5 },
  { leading: [4], K: 12, D: 8 },
  { leading: [2, 70], K: 70, D: 44 },
  { leading: [5], K: 1100, D: 7 },
];

export const linearQkvCases: readonly OpCase[] = casesOf(
  linearQkvOp,
  sizes.map(({ leading, K, D }) => ({
    inputs: {
      x: { shape: [...leading, K] },
      weight: { shape: [3 * D, K] },
      query: { shape: [D] },
      value: { shape: [D] },
    },
    attributes: {},
    tolerance: toleranceOf(K),
  })),
);
