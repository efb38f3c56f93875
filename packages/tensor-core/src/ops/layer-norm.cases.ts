import { casesOf } from "./cases.ts";
import { layerNormOp } from "./layer-norm.ts";

const shapes = [
  [3, 5],
  [2, 7, 12],
  [1, 1],
  [33, 31],
  [4, 65, 192],
];

// Rows of one repeated value, whose mean is that value and whose output is beta, and rows that differ from it by little: the
// values are those of float32. Widths with every remainder of 4.
const constants = [0.1, 1000.1, -12345.678, 1e6 / 3, 3e-5];
const flat = [5, 192, 767, 1026].map((width) => ({
  inputs: {
    x: {
      shape: [constants.length, width],
      values: constants.flatMap((value) => Array.from<number>({ length: width }).fill(value)),
    },
    gamma: { shape: [width] },
    beta: { shape: [width] },
  },
  attributes: { epsilon: 1e-6 },
  // Means of values up to 3e5; gradients are differences of gradients times 1000.
  gradientTolerance: 2e-4,
  // The numeric step of a large value is large: sums of many values of one kind.
  skipFiniteDifference: true,
}));
const narrow = {
  inputs: {
    x: { shape: [3, 131], range: [1000, 1000.5] as const },
    gamma: { shape: [131] },
    beta: { shape: [131] },
  },
  attributes: { epsilon: 1e-6 },
  // Half the last place of a mean in float32 is 2e-4 of the deviation here.
  tolerance: 5e-4,
  skipFiniteDifference: true,
};

export const layerNormCases = casesOf(layerNormOp, [
  ...flat,
  narrow,
  ...shapes.map((shape) => {
    const width = shape[shape.length - 1];
    return {
      inputs: { x: { shape }, gamma: { shape: [width] }, beta: { shape: [width] } },
      attributes: { epsilon: 1e-6 },
      // A width of 1 has no variance: its gradient is a difference of equal numbers times 1000.
      gradientTolerance: width === 1 ? 1e-3 : undefined,
    };
  }),
]);
