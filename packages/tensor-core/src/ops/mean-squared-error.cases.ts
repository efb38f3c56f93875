import { casesOf } from "./cases.ts";
import { meanSquaredErrorOp } from "./mean-squared-error.ts";

const shapes = [[1], [3, 5], [2, 7, 11], [3, 31, 43, 17]];

// Differences reach 4: on both sides of the 1 where the smooth L1 loss turns linear.
export const meanSquaredErrorCases = casesOf(
  meanSquaredErrorOp,
  shapes.map((shape) => ({
    inputs: { x: { shape, range: [-2, 2] as const }, target: { shape, range: [-2, 2] as const } },
    attributes: {},
  })),
);
