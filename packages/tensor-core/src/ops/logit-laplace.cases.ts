import { casesOf } from "./cases.ts";
import { logitLaplaceOp } from "./logit-laplace.ts";

const shapes = [[1], [3, 5], [2, 7, 6, 3], [3, 31, 43, 3], [2, 3, 33]];

// Mapped pixels lie in [0.1, 0.9]; random ones stay further from logit(x) = mu than the step of the finite differences.
export const logitLaplaceCases = casesOf(
  logitLaplaceOp,
  shapes.map((shape) => ({
    inputs: {
      parameters: { shape: [...shape.slice(0, -1), shape[shape.length - 1] * 2], range: [-2, 2] as const },
      target: { shape, range: [0.1, 0.9] as const },
    },
    attributes: {},
  })),
);
