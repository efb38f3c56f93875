import { casesOf } from "./cases.ts";
import { embeddingOp } from "./embedding.ts";

const lookup = (rows: number, width: number, ids: readonly number[]) => ({
  inputs: { table: { shape: [rows, width] }, ids: { shape: ids, range: [0, rows] as const } },
  attributes: {},
});

// More ids than rows: repeated rows must add up in the gradient.
export const embeddingCases = casesOf(embeddingOp, [
  lookup(1, 1, [3]),
  lookup(7, 5, [3, 4]),
  lookup(19, 12, [2, 3, 7]),
  lookup(5, 3, []),
  lookup(8192, 9, [3, 14, 14]),
  lookup(64, 260, [3, 7, 7]),
]);
