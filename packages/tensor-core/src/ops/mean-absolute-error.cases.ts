import { casesOf } from "./cases.ts";
import { meanAbsoluteErrorOp } from "./mean-absolute-error.ts";

const shapes = [[1], [3, 5], [2, 7, 11], [3, 31, 43, 17]];
const equal = { shape: [2, 3], values: [1, -2, 0, 3, 0.5, -0.25] };

// Elements that are equal have no slope, which a difference of two losses cannot tell.
export const meanAbsoluteErrorCases = casesOf(meanAbsoluteErrorOp, [
  ...shapes.map((shape) => ({
    inputs: { x: { shape, range: [-2, 2] as const }, target: { shape, range: [-2, 2] as const } },
    attributes: {},
  })),
  { inputs: { x: equal, target: equal }, attributes: {} },
]);
