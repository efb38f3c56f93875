import { addScaledOp } from "./add-scaled.ts";
import { casesOf } from "./cases.ts";

const shapes = [[], [1], [3, 5], [2, 7, 11], [3, 31, 43, 17]];

export const addScaledCases = casesOf(
  addScaledOp,
  shapes.map((shape, i) => ({ inputs: { x: { shape }, y: { shape } }, attributes: { scale: [1, 1 / 64, -2][i % 3] } })),
);
