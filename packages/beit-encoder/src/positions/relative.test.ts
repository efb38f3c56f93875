import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scope, tensor } from "@beitjs/tensor-core";
import type { Grid } from "@beitjs/tensor-core/grid";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { biasLookup, relativePositionIndex, resizeTable, tableRows } from "./relative.ts";

const square = (side: number): Grid => ({ rows: side, cols: side });

function rowsOf(grid: Grid): number[][] {
  const index = [...relativePositionIndex(grid)];
  const tokens = Math.sqrt(index.length);
  return Array.from({ length: tokens }, (_, query) => index.slice(query * tokens, (query + 1) * tokens));
}

describe("relativePositionIndex", () => {
  it("gives the official index of a 2x2 grid", () => {
    expect(rowsOf(square(2))).toEqual([
      [11, 9, 9, 9, 9],
      [10, 4, 3, 1, 0],
      [10, 5, 4, 2, 1],
      [10, 7, 6, 4, 3],
      [10, 8, 7, 5, 4],
    ]);
  });

  it("gives the official index of a 2x3 grid", () => {
    expect(rowsOf({ rows: 2, cols: 3 }).slice(0, 5)).toEqual([
      [17, 15, 15, 15, 15, 15, 15],
      [16, 7, 6, 5, 2, 1, 0],
      [16, 8, 7, 6, 3, 2, 1],
      [16, 9, 8, 7, 4, 3, 2],
      [16, 12, 11, 10, 7, 6, 5],
    ]);
  });

  it("gives the official index of a 14x14 grid", () => {
    const rows = rowsOf(square(14));
    const places: [number, number, number][] = [
      [1, 1, 364],
      [1, 2, 363],
      [2, 1, 365],
      [1, 15, 337],
      [15, 1, 391],
      [1, 196, 0],
      [196, 1, 728],
      [0, 0, 731],
      [0, 5, 729],
      [5, 0, 730],
    ];
    for (const [query, key, expected] of places) expect(rows[query][key]).toBe(expected);
    const all = rows.flat();
    expect(new Set(all).size).toBe(732);
    expect(all.reduce((sum, row) => sum + row, 0)).toBe(14_270_119);
  });

  it.each([
    [14, 732],
    [24, 2212],
    [32, 3972],
    [40, 6244],
  ])("a %ix%i grid has its rows", (side, rows) => {
    expect(tableRows(square(side))).toBe(rows);
  });

  it("uses every row, gives equal offsets one row, and mirrors", () => {
    const side = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(side, side, (rows, cols) => {
        const grid = { rows, cols };
        const index = rowsOf(grid);
        expect(new Set(index.flat()).size).toBe(tableRows(grid));
        const offsets = new Map<string, number>();
        for (let i = 0; i < rows * cols; i++) {
          for (let j = 0; j < rows * cols; j++) {
            const offset = `${Math.floor(i / cols) - Math.floor(j / cols)},${(i % cols) - (j % cols)}`;
            const row = index[i + 1][j + 1];
            expect(offsets.get(offset) ?? row).toBe(row);
            offsets.set(offset, row);
            expect(row + index[j + 1][i + 1]).toBe(tableRows(grid) - 4);
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("biasLookup", () => {
  it("puts the table's row of a pair at [head, query, key]", () => {
    const backend = createReferenceBackend();
    const grid = { rows: 1, cols: 2 };
    const bias = scope(backend, () => {
      const table = tensor(
        Array.from({ length: 12 }, (_, i) => i),
        [6, 2],
        backend,
      );
      const found = biasLookup(grid, backend)(table);
      expect(found.shape).toEqual([2, 3, 3]);
      return [...found.readSync()];
    });
    const index = [5, 3, 3, 4, 1, 0, 4, 2, 1];
    expect(bias).toEqual([...index.map((row) => 2 * row), ...index.map((row) => 2 * row + 1)]);
  });
});

describe("resizeTable", () => {
  // z = sin(0.3 r) + 0.1 cos(0.5 c) + 0.01 r c on 27x27 offsets, two heads (the second twice the first) and three class rows.
  const table = new Float32Array(732 * 2);
  for (let r = 0; r < 27; r++) {
    for (let c = 0; c < 27; c++) {
      const value = Math.sin(0.3 * r) + 0.1 * Math.cos(0.5 * c) + 0.01 * r * c;
      table.set([value, 2 * value], (r * 27 + c) * 2);
    }
  }
  table.set([1, 2, 3, 4, 5, 6], 729 * 2);
  const resize = (side: number, method?: "bilinear") =>
    resizeTable(table, { heads: 2, from: square(14), to: square(side), ...(method && { method }) });

  // Golden values of the official method, computed with SciPy: six decimals, and float32 tables of values up to 8.
  it.each<[number, number[], number]>([
    [24, [0.1, 0.090745, 1.099893, 1.046083, 1.207624, 0.595932, 7.849288, 0.592763], 4358.6473],
    [32, [0.100011, 0.090766, 1.099893, 1.046083, 1.207624, 0.412175, 7.849269, 0.608784], 8073.173],
    [40, [0.100004, 0.090752, 1.099893, 1.046083, 1.207624, 0.318786, 7.849282, 0.61937], 12950.3297],
  ])("is the official geometric cubic for a grid of %i", (side, expected, total) => {
    const resized = resize(side);
    const size = 2 * side - 1;
    const centre = side - 1;
    const places = [
      [0, 0],
      [0, size - 1],
      [centre, centre],
      [centre + 1, centre],
      [centre, centre + 1],
      [5, 7],
      [size - 1, size - 1],
      [centre + 2, centre - 3],
    ];
    places.forEach(([row, col], i) => {
      const at = (row * size + col) * 2;
      expect(Math.abs(resized[at] - expected[i]), `(${row}, ${col}): ${resized[at]}`).toBeLessThan(1e-6);
      expect(Math.abs(resized[at + 1] - 2 * expected[i])).toBeLessThan(2e-6);
    });
    const first = resized.filter((_, i) => i % 2 === 0).subarray(0, size * size);
    // The printed sum has four decimals (seven digits and a half of 12950).
    expect(Math.abs(first.reduce((sum, value) => sum + value, 0) - total)).toBeLessThan(2e-3);
    expect([...resized.subarray(-6)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("keeps the offsets next to zero, and the table of the same grid", () => {
    const resized = resize(24);
    for (const [down, right] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [-1, -1],
      [1, -1],
    ]) {
      const from = ((13 + down) * 27 + 13 + right) * 2;
      expect(resized[((23 + down) * 47 + 23 + right) * 2]).toBeCloseTo(table[from], 6);
    }
    expect(resize(14)).toEqual(table);
  });

  // The official code knows squares only; what timm makes of others is compared in checkpoint/timm-rectangles.test.ts.
  it("joins geometric offsets by lines where a grid is no square, each side on its own", () => {
    const to = { rows: 14, cols: 24 };
    const resized = resizeTable(table, { heads: 2, from: square(14), to });
    expect(resized).toHaveLength(tableRows(to) * 2);
    expect(resized).toEqual(resizeTable(table, { heads: 2, from: square(14), to, method: "geometric-linear" }));
    const back = resizeTable(resized, { heads: 2, from: to, to: square(14) });
    expect(back).toEqual(resizeTable(resized, { heads: 2, from: to, to: square(14), method: "geometric-linear" }));
    const both = resizeTable(table, { heads: 2, from: square(14), to: square(24), method: "geometric-linear" });
    for (let c = 0; c < 47; c++) expect(resized[(13 * 47 + c) * 2]).toBeCloseTo(both[(23 * 47 + c) * 2], 5);
  });

  // Two offsets apart, a bilinear value is a weighted mean of its neighbors with centers at halves:
  // 27 to 47 at (0, 3): source column (3.5 * 27 / 47) - 0.5 = 1.51064.
  it("is bilinear when asked", () => {
    const resized = resize(24, "bilinear");
    expect(resized[0]).toBe(table[0]);
    expect(resized[6]).toBeCloseTo(0.48936 * table[2] + 0.51064 * table[4], 5);
    expect([...resized.subarray(-6)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("refuses tables that do not fit", () => {
    expect(() => resizeTable(table, { heads: 3, from: square(14), to: square(24) })).toThrow(
      "[resizeTable] expected 732 rows of 3 for a 14x14 grid",
    );
    expect(() => resizeTable(new Float32Array(12), { heads: 1, from: square(2), to: square(3) })).toThrow(
      "expected at least 5 offsets, got 3",
    );
  });
});
