import { casesOf } from "./cases.ts";
import { gaussianSampleOp } from "./gaussian-sample.ts";

const shapes = [[1], [3, 5], [2, 7, 11], [3, 31, 43, 17]];

export const gaussianSampleCases = casesOf(
  gaussianSampleOp,
  shapes.map((shape) => ({
    inputs: {
      mean: { shape },
      logVariance: { shape, range: [-4, 2] as const },
      noise: { shape, range: [-3, 3] as const },
    },
    attributes: {},
  })),
);
