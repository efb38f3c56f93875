import { expect, test } from "vitest";
import { emptyMask, maskedIndices, maskFromCells, maskRatio } from "./grid.ts";

test("a mask from cells counts, lists and copies them", () => {
  const cells = [0, 1, 1, 0, 0, 1];
  const mask = maskFromCells({ rows: 2, cols: 3 }, cells);
  cells[0] = 1;
  expect(mask.count).toBe(3);
  expect(Array.from(mask.cells)).toEqual([0, 1, 1, 0, 0, 1]);
  expect(maskedIndices(mask)).toEqual(Int32Array.of(1, 2, 5));
  expect(maskRatio(mask)).toBe(0.5);
});

test("an empty mask hides nothing", () => {
  const mask = emptyMask({ rows: 64, cols: 1 });
  expect([mask.count, mask.cells.length, maskRatio(mask), maskedIndices(mask).length]).toEqual([0, 64, 0, 0]);
});

test.each([
  { rows: 0, cols: 4 },
  { rows: 4, cols: 65 },
  { rows: 1.5, cols: 2 },
  { rows: NaN, cols: 2 },
])("a grid of $rows x $cols is refused by name and numbers", (grid) => {
  expect(() => emptyMask(grid)).toThrow(`[emptyMask] expected a grid from 1x1 to 64x64, got ${grid.rows}x${grid.cols}`);
});

test("cells of another length or value are refused", () => {
  expect(() => maskFromCells({ rows: 2, cols: 2 }, [1, 0, 1])).toThrow("[maskFromCells] expected 4 cells, got 3");
  expect(() => maskFromCells({ rows: 1, cols: 2 }, [0, 2])).toThrow("[maskFromCells] expected 0 or 1 in cell 1, got 2");
});
