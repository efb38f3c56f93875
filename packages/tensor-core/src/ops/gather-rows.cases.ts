import { casesOf } from "./cases.ts";
import { gatherRowsOp } from "./gather-rows.ts";

// Rows drawn several times, rows never drawn (their gradient is 0), no rows at all.
const sizes = [
  { rows: 1, width: 1, count: 1 },
  { rows: 7, width: 5, count: 12 },
  { rows: 9, width: 6, count: 3 },
  { rows: 4, width: 3, count: 0 },
  { rows: 1040, width: 193, count: 411 },
];

export const gatherRowsCases = casesOf(
  gatherRowsOp,
  sizes.map(({ rows, width, count }) => ({
    inputs: { x: { shape: [rows, width] }, index: { shape: [count], range: [0, rows] as const } },
    attributes: {},
  })),
);
