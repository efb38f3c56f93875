import { casesOf } from "./cases.ts";
import { klOfMeanToUniformOp } from "./kl-of-mean-to-uniform.ts";

const shapes = [
  [1, 1],
  [3, 7],
  [2, 3, 3, 16],
  [97, 129],
  [300, 512],
];

export const klOfMeanToUniformCases = casesOf(
  klOfMeanToUniformOp,
  shapes.map((shape) => ({ inputs: { logits: { shape, range: [-4, 4] as const } }, attributes: {} })),
);
