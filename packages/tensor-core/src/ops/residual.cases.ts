import { casesOf } from "./cases.ts";
import { residualOp } from "./residual.ts";

const sizes = [
  { shape: [1, 1], scale: true, keep: true },
  { shape: [3, 5, 7], scale: true, keep: true },
  { shape: [2, 4, 6], scale: false, keep: false },
  { shape: [4, 9], scale: true, keep: false },
  { shape: [5, 2, 2, 3], scale: false, keep: true },
  { shape: [9, 65, 193], scale: true, keep: true },
];

export const residualCases = casesOf(
  residualOp,
  sizes.map(({ shape, scale, keep }) => ({
    inputs: {
      x: { shape },
      branch: { shape },
      ...(scale && { scale: { shape: [shape[shape.length - 1]] } }),
      ...(keep && { keep: { shape: [shape[0]] } }),
    },
    attributes: {},
  })),
);
