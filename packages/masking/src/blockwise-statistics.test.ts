// Statistics of 14x14 masks against those of the original generator (40,000 masks of an independent implementation).
import { beforeAll, describe, expect, test } from "vitest";
import { maskOf } from "./batch.ts";
import { createMaskGenerator } from "./bulk.ts";
import type { BlockwiseBatch, MaskGenerator } from "./bulk.ts";
import type { BlockwiseOptions } from "./block-plan.ts";
import { maskStatistics } from "./statistics.ts";
import type { MaskStatistics } from "./statistics.ts";

const grid = { rows: 14, cols: 14 };
const masks = 20_000;
let generator: MaskGenerator;
let batch: BlockwiseBatch;
let statistics: MaskStatistics;

function measure(made: BlockwiseBatch, target: number): MaskStatistics {
  return maskStatistics(
    Array.from({ length: made.masks }, (_, i) => maskOf(made, i)),
    { target },
  );
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((a, b) => a + b) / values.length;
}

function near(actual: number, expected: number, tolerance: number): void {
  if (Math.abs(actual - expected) < tolerance) return;
  expect.fail(`expected ${expected} +- ${tolerance}, got ${actual}`);
}

beforeAll(async () => {
  generator = await createMaskGenerator();
  batch = generator.blockwise(grid, { count: 75 }, { seed: 2106, masks });
  statistics = measure(batch, 75);
});

describe("official, 75 of 196, blocks of at least 16", () => {
  test("counts", () => {
    expect(statistics.largestCount).toBe(75);
    expect(statistics.smallestCount).toBeGreaterThan(55);
    near(statistics.meanCount, 74.477, 0.05);
    near(statistics.stdCount, 0.978, 0.05);
    near(statistics.fullShare, 0.667, 0.02);
    const shares = [0.2327, 0.0486, 0.0339, 0.006, 0.0079];
    shares.forEach((share, i) => near(batch.counts.filter((count) => count === 74 - i).length / masks, share, 0.015));
    const sorted = batch.counts.slice().sort();
    expect([0.01, 0.05, 0.25].map((quantile) => sorted[Math.floor(quantile * masks)])).toEqual([70, 72, 74]);
    near(sorted[0.001 * masks], 68, 1.5); // the twentieth smallest of 20,000: one either way
  });

  test("blocks, attempts and failures", () => {
    near(mean(batch.blocks), 4.11, 0.05);
    const shares = [0.012, 0.121, 0.222, 0.276, 0.203, 0.107, 0.041, 0.013];
    shares.forEach((share, i) => near(batch.blocks.filter((blocks) => blocks === i + 1).length / masks, share, 0.012));
    near(mean(batch.attempts), 11.14, 0.2);
    near(1 - mean(batch.complete), 0.333, 0.02);
    expect(batch.complete).toEqual(Uint8Array.from(batch.counts, (count) => (count === 75 ? 1 : 0)));
  });

  test("places: rows, corner, edge and center", () => {
    const rows = [0.135, 0.25, 0.349, 0.422, 0.474, 0.506, 0.523];
    rows.forEach((share, row) => {
      near(statistics.rowShares[row], share, 0.01);
      near(statistics.rowShares[13 - row], share, 0.01);
    });
    near(statistics.cellShares[0], 0.042, 0.02);
    near(statistics.cellShares[6], 0.192, 0.02);
    near(statistics.cellShares[7 * 14 + 7], 0.716, 0.02);
  });

  test("the map is symmetric under flips and transposition", () => {
    const at = (row: number, col: number) => statistics.cellShares[row * 14 + col];
    for (let row = 0; row < 14; row++) {
      for (let col = 0; col < 14; col++) {
        near(at(row, col), at(13 - row, col), 0.025);
        near(at(row, col), at(row, 13 - col), 0.025);
        near(at(row, col), at(col, row), 0.025);
      }
    }
  });

  test("neighbors are masked together", () => {
    near(statistics.adjacentShare, 0.344, 0.01);
    near(statistics.adjacentShare / mean(statistics.cellShares), 0.9, 0.02);
  });
});

test.each([
  { side: 14, count: 75, minBlock: 4, meanCount: 74.93, full: 0.929, smallest: 72, blocks: 5.47, adjacent: 0.334 },
  { side: 14, count: 118, minBlock: 16, meanCount: 117.54, full: 0.7, smallest: 105, blocks: 6.32, adjacent: 0.567 },
  { side: 8, count: 26, minBlock: 4, meanCount: 25.96, full: 0.959, smallest: 24, blocks: 4.01, adjacent: 0.33 },
  { side: 5, count: 10, minBlock: 2, meanCount: 9.995, full: 0.995, smallest: 9, blocks: 3.19, adjacent: 0.277 },
])("official, $count on $side x $side, blocks of at least $minBlock", (setting) => {
  const { side, count, minBlock } = setting;
  const made = generator.blockwise({ rows: side, cols: side }, { count, minBlock }, { seed: 8, masks: 10_000 });
  const measured = measure(made, count);
  near(measured.meanCount, setting.meanCount, 0.05);
  near(measured.fullShare, setting.full, 0.02);
  expect(measured.largestCount).toBe(count);
  expect(measured.smallestCount).toBeGreaterThanOrEqual(setting.smallest - 5);
  near(mean(made.blocks), setting.blocks, 0.05);
  near(measured.adjacentShare, setting.adjacent, 0.01);
});

test("a grid of 10 x 14 is symmetric under both flips and differs between its sides", () => {
  const made = generator.blockwise({ rows: 10, cols: 14 }, { count: 52 }, { seed: 5, masks });
  const { cellShares, largestCount } = measure(made, 52);
  expect(largestCount).toBe(52);
  const at = (row: number, col: number) => cellShares[row * 14 + col];
  for (let row = 0; row < 10; row++) {
    for (let col = 0; col < 14; col++) {
      near(at(row, col), at(9 - row, col), 0.025);
      near(at(row, col), at(row, 13 - col), 0.025);
    }
  }
  expect(Math.abs(at(0, 7) - at(5, 0))).toBeGreaterThan(0.02);
});

test("exact: 75 masked in each of 100,000, close to official", () => {
  const made = generator.blockwise(grid, { count: 75, variant: "exact" }, { seed: 12, masks: 100_000 });
  for (let i = 0; i < made.masks; i++) {
    let sum = 0;
    for (let cell = i * 196; cell < (i + 1) * 196; cell++) sum += made.cells[cell];
    if (sum !== 75 || made.counts[i] !== 75 || made.complete[i] !== 1) throw new Error(`mask ${i} has ${sum}`);
  }
  near(mean(made.blocks), 4.11, 0.05);
});

test("paper: more than 78.4 masked, 82.5 on average", () => {
  const options: BlockwiseOptions = { variant: "paper" };
  const measured = measure(generator.blockwise(grid, options, { seed: 3, masks }), 79);
  expect(measured.smallestCount).toBe(79);
  expect(measured.largestCount).toBeLessThan(110);
  near(measured.meanCount, 82.5, 0.15);
  expect(measured.fullShare).toBe(1);
});
