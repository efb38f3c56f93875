import { casesOf, type OpCase } from "./cases.ts";
import { linearOp } from "./linear.ts";

export type ProductShape = { readonly leading: readonly number[]; readonly K: number; readonly N: number };

// One by one; tails in every direction; whole tiles; more depth than a block; long rows, long columns (split either way).
export const productShapes: readonly ProductShape[] = [
  { leading: [1], K: 1, N: 1 },
  { leading: [3], K: 5, N: 7 },
  { leading: [2, 3], K: 9, N: 4 },
  { leading: [4], K: 12, N: 16 },
  { leading: [], K: 6, N: 10 },
  { leading: [31], K: 257, N: 33 },
  { leading: [5], K: 1100, N: 21 },
  { leading: [2, 150], K: 70, N: 130 },
  { leading: [33], K: 90, N: 530 },
];

// Float32 sums over more than 500 values of size 1: rounding errors of about sqrt(K) * 6e-8 * their partial sums.
export const toleranceOf = (depth: number): number => (depth > 500 ? 3e-5 : 1e-5);

export const linearCases: readonly OpCase[] = casesOf(
  linearOp,
  productShapes.flatMap(({ leading, K, N }) =>
    [true, false].map((hasBias) => ({
      inputs: {
        x: { shape: [...leading, K] },
        weight: { shape: [N, K] },
        ...(hasBias ? { bias: { shape: [N] } } : {}),
      },
      attributes: {},
      tolerance: toleranceOf(K),
    })),
  ),
);
