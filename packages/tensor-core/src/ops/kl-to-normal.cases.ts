import { casesOf } from "./cases.ts";
import { klToNormalOp } from "./kl-to-normal.ts";

const shapes = [[1], [3], [3, 5], [2, 7, 11], [3, 31, 43, 17]];

export const klToNormalCases = casesOf(
  klToNormalOp,
  shapes.map((shape) => ({
    inputs: { mean: { shape, range: [-2, 2] as const }, logVariance: { shape, range: [-4, 2] as const } },
    attributes: {},
  })),
);
