import { casesOf } from "./cases.ts";
import { reluOp } from "./relu.ts";

// Random values stay further from the kink at 0 than the step of the finite differences.
const shapes = [[1], [3, 5], [2, 7, 11], [3, 31, 43, 17]];

export const reluCases = casesOf(
  reluOp,
  shapes.map((shape) => ({ inputs: { x: { shape } }, attributes: {} })),
);
