import { addBiasOp } from "./add-bias.ts";
import { casesOf } from "./cases.ts";

const shapes = [
  [1, 1],
  [3, 5],
  [2, 3, 3, 12],
  [501, 67],
];

export const addBiasCases = casesOf(
  addBiasOp,
  shapes.map((shape) => ({ inputs: { x: { shape }, bias: { shape: shape.slice(-1) } }, attributes: {} })),
);
