import { createMaskGenerator } from "@beitjs/masking/bulk";
import { expect, it } from "vitest";
import { adjacentShare, anyMask, defaultMask, drawMask, expectedFacts, type MaskKind } from "./masks.ts";

const grid = { rows: 14, cols: 14 };

it.each<MaskKind>(["official", "exact", "uniform", "span"])("tells %s block by block", (kind) => {
  for (let seed = 1; seed <= 20; seed++) {
    const seen = new Uint8Array(196);
    const mask = drawMask(grid, { ...defaultMask, kind, seed }, (patches) => {
      for (const patch of patches) seen[patch] = 1;
    });
    const missing = mask.cells.filter((cell, i) => cell !== seen[i]).length;
    // What "exact" fills up belongs to no block.
    if (kind !== "exact") expect(missing).toBe(0);
    else expect(mask.count).toBe(75);
    expect(mask.count).toBeLessThanOrEqual(75);
  }
});

it("expects what masks are on average", () => {
  const { meanCount, masks, fullShare, adjacentShare: together } = expectedFacts(grid, defaultMask, { masks: 300 });
  expect(masks).toBe(300);
  expect(meanCount).toBeGreaterThan(73);
  expect(fullShare).toBeGreaterThan(0.5);
  // Blocks hide neighbors together far more often than chance would.
  expect(together).toBeGreaterThan(2 * (75 / 196) ** 2);
  expect(adjacentShare(drawMask(grid, { ...defaultMask, kind: "uniform" }))).toBeLessThan(0.25);
});

it.each<MaskKind>(["official", "exact", "uniform", "span"])("expects the same of %s drawn in bulk", async (kind) => {
  const generator = await createMaskGenerator();
  for (const change of [{}, { count: 3, minBlock: 49 }, { seed: 900, minAspect: 0.6 }]) {
    const settings = { ...defaultMask, kind, ...change };
    expect(expectedFacts(grid, settings, { generator })).toEqual(expectedFacts(grid, settings));
  }
});

it("follows the sliders where they ask for what no mask can be", () => {
  expect(drawMask(grid, { ...defaultMask, count: 3, minBlock: 49 }).count).toBeLessThanOrEqual(3);
  expect(drawMask({ rows: 4, cols: 4 }, { ...defaultMask, kind: "uniform", count: 75 }).count).toBe(16);
});

it("begins with a mask on every grid, also where no block has room", () => {
  expect(anyMask(grid)).toEqual(drawMask(grid, defaultMask));
  for (const [rows, cols] of [
    [1, 20],
    [20, 1],
    [2, 10],
    [2, 2],
  ]) {
    const { count, cells } = anyMask({ rows, cols });
    expect(cells).toHaveLength(rows * cols);
    expect(count).toBe(Math.round(0.4 * rows * cols));
  }
});
