import { casesOf, type OpCase } from "./cases.ts";
import { toleranceOf } from "./linear.cases.ts";
import { linearResidualOp } from "./linear-residual.ts";

const both = [{ scale: true, keep: true }];
const all = [...both, { scale: false, keep: true }, { scale: true, keep: false }, { scale: false, keep: false }];
// One by one; tails; whole tiles; a depth beyond 500, as in linear.cases.ts; samples of one row and of several. Every branch
// with results in fours and not.
const shapes = [
  { leading: [1], K: 1, N: 1, branches: both },
  { leading: [2, 3], K: 9, N: 4, branches: all },
  { leading: [3, 5], K: 5, N: 7, branches: all },
  { leading: [4], K: 12, N: 16, branches: both },
  { leading: [5], K: 1100, N: 21, branches: both },
  { leading: [2, 70], K: 70, N: 130, branches: both },
];

export const linearResidualCases: readonly OpCase[] = casesOf(
  linearResidualOp,
  shapes.flatMap(({ leading, K, N, branches }) =>
    branches.map(({ scale, keep }) => ({
      inputs: {
        x: { shape: [...leading, N] },
        inner: { shape: [...leading, K] },
        weight: { shape: [N, K] },
        bias: { shape: [N] },
        ...(scale && { scale: { shape: [N] } }),
        ...(keep && { keep: { shape: [leading[0]] } }),
      },
      attributes: {},
      tolerance: toleranceOf(K),
    })),
  ),
);
