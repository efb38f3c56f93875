import { createRng } from "@beitjs/tensor-core/random";
import fc from "fast-check";
import { expect, test } from "vitest";
import { maskOf } from "./batch.ts";
import { createMaskGenerator } from "./bulk.ts";
import { maskFromCells } from "./grid.ts";
import { maskStatistics } from "./statistics.ts";
import { uniformMask } from "./uniform.ts";

test("any grid and count give exactly that many masked patches", () => {
  const side = fc.integer({ min: 1, max: 64 });
  fc.assert(
    fc.property(side, side, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (rows, cols, share, seed) => {
      const count = 1 + Math.floor(share * (rows * cols - 1));
      const mask = uniformMask({ rows, cols }, { count }, createRng(seed));
      expect(maskFromCells({ rows, cols }, mask.cells).count).toBe(count);
      expect(mask.count).toBe(count);
    }),
  );
});

test("cells are equally likely (chi-square) and pairs as without replacement", async () => {
  const draws = 50_000;
  const generator = await createMaskGenerator();
  const batch = generator.uniform({ rows: 14, cols: 14 }, { count: 75 }, { seed: 11, masks: draws });
  const masks = Array.from({ length: draws }, (_, i) => maskOf(batch, i));
  const { cellShares, adjacentShare } = maskStatistics(masks);
  const p = 75 / 196;
  let chiSquare = 0;
  for (const share of cellShares) chiSquare += ((share - p) ** 2 * draws * 195) / (196 * p * (1 - p));
  // 195 degrees of freedom: mean 195, deviation 19.7; four of them either way.
  expect(chiSquare).toBeGreaterThan(116);
  expect(chiSquare).toBeLessThan(274);
  expect(Math.abs(adjacentShare - (75 * 74) / (196 * 195))).toBeLessThan(0.0005);
});

test("every subset of a small grid is equally likely", () => {
  const seen = new Map<string, number>();
  for (let index = 0; index < 30_000; index++) {
    const { cells } = uniformMask({ rows: 2, cols: 3 }, { count: 3 }, createRng({ seed: 5, index }));
    seen.set(cells.join(""), (seen.get(cells.join("")) ?? 0) + 1);
  }
  expect(seen.size).toBe(20);
  // 1500 each with a deviation of 38.
  for (const times of seen.values()) expect(Math.abs(times - 1500)).toBeLessThan(170);
});

test("counts outside the grid are refused", () => {
  for (const count of [0, 7, 2.5, -1]) {
    expect(() => uniformMask({ rows: 2, cols: 3 }, { count }, createRng(1))).toThrow(
      `[uniformMask] expected count to be an integer in [1, 6] on a 2x3 grid, got ${count}`,
    );
  }
  expect(() => uniformMask({ rows: 65, cols: 1 }, { count: 1 }, createRng(1))).toThrow("[uniformMask] expected a grid");
});
