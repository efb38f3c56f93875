import { casesOf } from "./cases.ts";
import { klToUniformOp } from "./kl-to-uniform.ts";

const shapes = [[3, 1], [5], [2, 3, 7], [3, 2, 4, 16], [3, 8192], [3, 7, 11, 129]];

export const klToUniformCases = casesOf(
  klToUniformOp,
  shapes.map((shape) => ({ inputs: { logits: { shape, range: [-4, 4] as const } }, attributes: {} })),
);
