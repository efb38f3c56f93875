import { casesOf } from "./cases.ts";
import { meanTokensOp } from "./mean-tokens.ts";

const sizes = [
  { shape: [1, 1, 1], start: 0 },
  { shape: [3, 5, 7], start: 1 },
  { shape: [2, 4, 6], start: 3 },
  { shape: [1, 9, 4], start: 0 },
  { shape: [9, 65, 193], start: 1 },
];

export const meanTokensCases = casesOf(
  meanTokensOp,
  sizes.map(({ shape, start }) => ({ inputs: { x: { shape } }, attributes: { start } })),
);
