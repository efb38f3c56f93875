import { expect, test } from "vitest";
import { planBlocks, smallestBlock } from "./block-plan.ts";

const grid = { rows: 14, cols: 14 };

test("defaults are BEiT's", () => {
  const plan = planBlocks("test", grid, { count: 75 });
  expect(plan).toMatchObject({ variant: "official", target: 75, minBlock: 16, maxBlock: 75 });
  expect(plan.logAspect).toBeCloseTo(-1.203973, 6);
  expect(plan.logAspectSpan).toBeCloseTo(2 * 1.203973, 5);
  expect(planBlocks("test", grid, { variant: "paper" }).target).toBeCloseTo(78.4, 12);
});

test.each([
  [{ count: 0 }, "count to be an integer in [1, 196] on a 14x14 grid, got 0"],
  [{ count: 197 }, "count to be an integer in [1, 196] on a 14x14 grid, got 197"],
  [{ count: 7.5 }, "count to be an integer"],
  [{ count: 75, minBlock: 0 }, "minBlock to be positive, got 0"],
  [{ count: 75, minBlock: NaN }, "minBlock to be positive, got NaN"],
  [{ count: 75, maxBlock: 0.5 }, "maxBlock to be at least 1, got 0.5"],
  [{ count: 75, minAspect: 2 }, "1/4096 <= minAspect <= maxAspect <= 4096, got 2 and 0.5"],
  [{ count: 75, minAspect: 0 }, "1/4096 <= minAspect <= maxAspect <= 4096, got 0 and Infinity"],
  [{ variant: "paper", ratio: 1 }, "ratio to be in (0, 1), got 1"],
  [{ variant: "paper", ratio: NaN }, "ratio to be in (0, 1), got NaN"],
] as const)("%j is refused", (options, message) => {
  expect(() => planBlocks("test", grid, options)).toThrow(`[test] expected ${message}`);
});

test("an unknown variant is refused", () => {
  const options = { count: 75, variant: "v3" as "exact" };
  expect(() => planBlocks("test", grid, options)).toThrow('variant to be "official", "exact" or "paper", got v3');
});

test("options that can never place a block are refused for official and allowed for exact", () => {
  for (const impossible of [
    { grid: { rows: 1, cols: 9 }, options: { count: 5, minBlock: 1 } },
    { grid: { rows: 4, cols: 4 }, options: { count: 16 } },
    { grid: { rows: 6, cols: 2 }, options: { count: 8, minBlock: 8 } },
    { grid: { rows: 14, cols: 14 }, options: { count: 75, minBlock: 400, maxBlock: 30.5, minAspect: 1 } },
  ]) {
    expect(() => planBlocks("test", impossible.grid, impossible.options)).toThrow(
      "[test] expected options that can place a block",
    );
    expect(planBlocks("test", impossible.grid, { ...impossible.options, variant: "exact" }).variant).toBe("exact");
  }
});

// Sides that a fine mesh over areas and aspects reaches; the mesh can miss slivers, never invent a side.
function smallestByMesh(rows: number, cols: number, area: number, minBlock: number, minAspect: number): number {
  let best = Infinity;
  const maxAspect = 1 / minAspect;
  for (let j = 0; j <= 100; j++) {
    const aspect = minAspect * (maxAspect / minAspect) ** (j / 100);
    for (let i = 0; i <= 100; i++) {
      const size = minBlock + ((area - minBlock) * i) / 100;
      const h = Math.round(Math.sqrt(size * aspect));
      const w = Math.round(Math.sqrt(size / aspect));
      if (h > 0 && w > 0 && h < rows && w < cols && h * w <= area) best = Math.min(best, h * w);
    }
  }
  return best;
}

test("the smallest block agrees with a mesh over areas and aspects", () => {
  let settings = 0;
  for (const [rows, cols] of [
    [2, 2],
    [3, 7],
    [4, 4],
    [5, 5],
    [8, 6],
    [14, 14],
  ] as const) {
    for (const area of [1, 2, 3, 5, 6, 11, 20]) {
      for (const minBlock of [1, 2.7, 4, 9, 16]) {
        for (const minAspect of [0.1, 0.3, 0.77]) {
          const block = smallestBlock({ rows, cols }, { area, minBlock, minAspect, maxAspect: 1 / minAspect });
          const expected = smallestByMesh(rows, cols, area, minBlock, minAspect);
          expect(block === undefined ? Infinity : block.rows * block.cols).toBe(expected);
          settings++;
        }
      }
    }
  }
  expect(settings).toBe(630);
});
