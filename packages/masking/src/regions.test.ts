// Regions counted by eye.
import { expect, it } from "vitest";
import { emptyMask, maskFromCells } from "./grid.ts";
import { hiddenRegions } from "./regions.ts";

it("joins patches that share an edge, not those that share a corner or an end of a row", () => {
  const rows = ["11001", "10011", "01000", "00111"];
  const cells = rows.flatMap((row) => Array.from(row, Number));
  expect(hiddenRegions(maskFromCells({ rows: 4, cols: 5 }, cells))).toEqual([3, 3, 1, 3]);
  expect(hiddenRegions(maskFromCells({ rows: 2, cols: 2 }, [1, 1, 1, 1]))).toEqual([4]);
  expect(hiddenRegions(emptyMask({ rows: 3, cols: 1 }))).toEqual([]);
});
