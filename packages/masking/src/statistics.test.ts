import { expect, test } from "vitest";
import { maskFromCells } from "./grid.ts";
import { maskStatistics } from "./statistics.ts";

const grid = { rows: 2, cols: 2 };
const masks = [maskFromCells(grid, [1, 1, 0, 0]), maskFromCells(grid, [1, 0, 0, 0]), maskFromCells(grid, [1, 1, 1, 0])];

test("statistics of three masks, by hand", () => {
  const statistics = maskStatistics(masks);
  expect(statistics).toMatchObject({ grid, masks: 3, meanCount: 2, smallestCount: 1, largestCount: 3 });
  expect(statistics.stdCount).toBeCloseTo(Math.sqrt(2 / 3), 12);
  expect(statistics.fullShare).toBeCloseTo(1 / 3, 12);
  expect(maskStatistics(masks, { target: 2 }).fullShare).toBeCloseTo(2 / 3, 12);
  [1, 2 / 3, 1 / 3, 0].forEach((share, cell) => expect(statistics.cellShares[cell]).toBeCloseTo(share, 12));
  [5 / 6, 1 / 6].forEach((share, row) => expect(statistics.rowShares[row]).toBeCloseTo(share, 12));
  // Four edges, three masks: the top edge twice, the left one once.
  expect(statistics.adjacentShare).toBeCloseTo(3 / 12, 12);
});

test("a single patch has no neighbors", () => {
  expect(maskStatistics([maskFromCells({ rows: 1, cols: 1 }, [1])]).adjacentShare).toBe(0);
});

test("no masks, or masks of two grids, are refused", () => {
  expect(() => maskStatistics([])).toThrow("[maskStatistics] expected at least one mask, got none");
  const other = maskFromCells({ rows: 1, cols: 2 }, [1, 0]);
  expect(() => maskStatistics([...masks, other])).toThrow("[maskStatistics] expected 2x2 masks, got 1x2");
});
