import { casesOf } from "./cases.ts";
import { relativePositionBiasOp } from "./relative-position-bias.ts";

const sizes = [
  { rows: 4, heads: 1, tokens: 1 },
  { rows: 12, heads: 3, tokens: 5 },
  { rows: 1, heads: 2, tokens: 7 },
  { rows: 228, heads: 3, tokens: 65 },
];

export const relativePositionBiasCases = casesOf(
  relativePositionBiasOp,
  sizes.map(({ rows, heads, tokens }) => ({
    inputs: { table: { shape: [rows, heads] }, index: { shape: [tokens, tokens], range: [0, rows] as const } },
    attributes: {},
  })),
);
