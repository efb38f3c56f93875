import { createRng } from "@beitjs/tensor-core/random";
import type { Rng } from "@beitjs/tensor-core/random";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockwiseMask } from "./blockwise.ts";
import type { BlockwiseMask } from "./blockwise.ts";
import type { BlockwiseOptions } from "./block-plan.ts";
import { formatMask } from "./format.ts";
import type { Grid } from "./grid.ts";
import { maskFromCells } from "./grid.ts";

const grid = { rows: 14, cols: 14 };

// An rng that plays given uniform values, then repeats the last `loop` of them.
function scripted(values: readonly number[], loop = 1): Rng {
  let next = 0;
  const uniform = () => {
    const value = next < values.length ? values[next] : values[values.length - loop + ((next - values.length) % loop)];
    next++;
    return value;
  };
  return { ...createRng(0), uniform, integer: (bound) => Math.floor(uniform() * bound) };
}

// The generator of unilm (beit/masking_generator.py) step by step.
function literalOfficial({ rows, cols }: Grid, count: number, minBlock: number, minAspect: number, rng: Rng) {
  const mask = Array.from({ length: rows }, () => new Array<number>(cols).fill(0));
  const place = (cap: number): number => {
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = minBlock + (cap - minBlock) * rng.uniform();
      const logs = [Math.log(minAspect), Math.log(1 / minAspect)];
      const aspect = Math.exp(logs[0] + (logs[1] - logs[0]) * rng.uniform());
      const h = Math.round(Math.sqrt(area * aspect));
      const w = Math.round(Math.sqrt(area / aspect));
      if (w >= cols || h >= rows) continue;
      const top = rng.integer(rows - h + 1);
      const left = rng.integer(cols - w + 1);
      const block = mask.slice(top, top + h).map((line) => line.slice(left, left + w));
      const free = h * w - block.flat().reduce((a, b) => a + b, 0);
      if (free <= 0 || free > cap) continue;
      for (let i = top; i < top + h; i++) for (let j = left; j < left + w; j++) mask[i][j] = 1;
      return free;
    }
    return 0;
  };
  let masked = 0;
  while (masked < count) {
    const added = place(count - masked);
    if (added === 0) break;
    masked += added;
  }
  return { masked, cells: mask.flat() };
}

function expectValid(mask: BlockwiseMask, grid: Grid): void {
  const { count } = maskFromCells(grid, mask.cells);
  if (count === mask.count && count > 0 && mask.attempts >= mask.blocks) return;
  expect.fail(`expected a mask that is valid and not empty, got ${JSON.stringify(mask)}`);
}

describe("official", () => {
  test("equals the original step by step, and redraws only what it leaves empty", () => {
    let empty = 0;
    for (const [rows, cols, count, minBlock, minAspect] of [
      [14, 14, 75, 16, 0.3],
      [10, 14, 52, 16, 0.3],
      [8, 8, 26, 4, 0.3],
      [4, 4, 6, 16, 0.3],
      [3, 5, 4, 9, 0.5],
      [2, 2, 1, 1, 0.9],
    ] as const) {
      for (let index = 0; index < 400; index++) {
        const address = { seed: 2021, index };
        const literal = literalOfficial({ rows, cols }, count, minBlock, minAspect, createRng(address));
        const mask = blockwiseMask({ rows, cols }, { count, minBlock, minAspect }, createRng(address));
        expectValid(mask, { rows, cols });
        expect(mask.complete).toBe(mask.count === count);
        if (literal.masked === 0) empty++;
        else expect(mask.cells.join("")).toBe(literal.cells.join(""));
      }
    }
    expect(empty).toBeGreaterThan(20);
  });

  test("by hand: reversed bounds, overlap counted once, ten failures end the mask", () => {
    const overlap = [0.5, 0.5, 0, 0.46]; // area 16 + (10 - 16) / 2 = 13: 4x4 at (0, 5), eight of its cells are new
    const tooLarge = [0, 0, 0, 0.99]; // 2x7 at (0, 7), more new cells than the two left
    const rng = scripted([0.5, 0.5, 0, 0, 0, 0.5, 0.99, 0.99, ...overlap, ...tooLarge], 4);
    const mask = blockwiseMask(grid, { count: 75 }, rng);
    expect(mask).toMatchObject({ count: 49 + 16 + 8, blocks: 3, attempts: 13, complete: false });
    expect(formatMask(mask, { masked: "#", visible: "." }).split("\n")).toEqual([
      ...new Array<string>(4).fill("#########....."),
      ...new Array<string>(3).fill("#######......."),
      ...new Array<string>(3).fill(".............."),
      ...new Array<string>(4).fill("..........####"),
    ]);
  });

  test("ten failures at the start draw the mask anew", () => {
    const tooWide = [0.999, 0]; // 5x16: no place is drawn
    const failures = Array.from({ length: 10 }, () => tooWide).flat();
    const rest = createRng(8);
    const played = Array.from({ length: 400 }, () => rest.uniform());
    const mask = blockwiseMask(grid, { count: 75 }, scripted([...failures, ...played]));
    const plain = blockwiseMask(grid, { count: 75 }, scripted(played));
    expect(mask).toEqual({ ...plain, attempts: plain.attempts + 10 });
  });

  test("endless failures still place the smallest possible block", () => {
    const mask = blockwiseMask(grid, { count: 75 }, scripted([0.999, 0], 2));
    expect(mask).toMatchObject({ count: 12, blocks: 1, complete: false });
    expect(mask.attempts).toBe(101 * 10 + 1 + 10);
    expectValid(mask, grid);
  });

  test("small grids, all counts: a valid mask or a clear error", () => {
    let [masks, refusals] = [0, 0];
    for (let rows = 1; rows <= 8; rows++) {
      for (let cols = 1; cols <= 8; cols++) {
        for (let count = 1; count <= rows * cols; count++) {
          for (const minBlock of [1, 4, 16]) {
            if (expectMaskOrRefusal({ rows, cols }, count, minBlock, count)) masks++;
            else refusals++;
          }
        }
      }
    }
    expect(masks).toBeGreaterThan(3000);
    expect(refusals).toBeGreaterThan(100);
  });
});

// True for a mask, which must be valid; false for an error, which must be the clear one, and rightly so.
function expectMaskOrRefusal(size: Grid, count: number, minBlock: number, seed: number): boolean {
  let mask: BlockwiseMask;
  try {
    mask = blockwiseMask(size, { count, minBlock }, createRng(seed));
  } catch (error) {
    expect((error as Error).message).toContain("[blockwiseMask] expected options that can place a block");
    for (let index = 0; index < 20; index++) {
      const { masked } = literalOfficial(size, count, minBlock, 0.3, createRng({ seed: 4, index }));
      if (masked > 0) expect.fail(`refused ${JSON.stringify({ size, count, minBlock })}, though a block can be placed`);
    }
    return false;
  }
  expectValid(mask, size);
  if (mask.count > count) expect.fail(`expected at most ${count} masked, got ${mask.count}`);
  return true;
}

describe("all variants", () => {
  const side = fc.integer({ min: 1, max: 64 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const minBlock = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0.1, max: 5000, noNaN: true }));

  test("any grid from 1x1 to 64x64 and any count: exact reaches it", () => {
    fc.assert(
      fc.property(side, side, share, minBlock, fc.nat(), (rows, cols, part, least, seed) => {
        const count = 1 + Math.floor(part * (rows * cols - 1));
        const mask = blockwiseMask({ rows, cols }, { variant: "exact", count, minBlock: least }, createRng(seed));
        expectValid(mask, { rows, cols });
        expect([mask.count, mask.complete]).toEqual([count, true]);
      }),
      { numRuns: 300 },
    );
  });

  test("any grid and any count: official is never empty and never above, or names what is impossible", () => {
    fc.assert(
      fc.property(side, side, share, minBlock, fc.nat(), (rows, cols, part, least, seed) => {
        const count = 1 + Math.floor(part * (rows * cols - 1));
        expectMaskOrRefusal({ rows, cols }, count, least, seed);
      }),
      { numRuns: 300 },
    );
  });

  test("any grid and ratio: paper goes past the ratio", () => {
    const ratio = fc.double({ min: 0.001, max: 0.95, noNaN: true });
    fc.assert(
      fc.property(side, side, ratio, minBlock, fc.nat(), (rows, cols, part, least, seed) => {
        const options: BlockwiseOptions = { variant: "paper", ratio: part, minBlock: least };
        const mask = blockwiseMask({ rows, cols }, options, createRng(seed));
        expectValid(mask, { rows, cols });
        expect(mask.count).toBeGreaterThan(part * rows * cols);
        expect(mask.complete).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("every grid size once, from nearly empty to full", () => {
    for (let rows = 1; rows <= 64; rows++) {
      for (let cols = 1; cols <= 64; cols++) {
        const count = [1, 1 + ((rows * 7 + cols * 13) % (rows * cols)), rows * cols][(rows + cols) % 3];
        const mask = blockwiseMask({ rows, cols }, { variant: "exact", count }, createRng(rows * 64 + cols));
        expectValid(mask, { rows, cols });
        if (mask.count !== count) expect.fail(`expected ${count} masked on ${rows}x${cols}, got ${mask.count}`);
      }
    }
  });

  test("the same rng gives the same mask, another index another", () => {
    for (const options of [{ count: 75 }, { count: 75, variant: "exact" }, { variant: "paper" }] as const) {
      const draw = (index: number) => blockwiseMask(grid, options, createRng({ seed: 9, index }));
      expect(draw(3)).toEqual(draw(3));
      expect(draw(3).cells).not.toEqual(draw(4).cells);
    }
  });

  test("no block exceeds maxBlock and aspects stay in range", () => {
    for (let index = 0; index < 200; index++) {
      const options = { count: 6, minBlock: 6, maxBlock: 6, minAspect: 1.5, maxAspect: 1.5 };
      const mask = blockwiseMask(grid, options, createRng({ seed: 1, index }));
      expect(mask).toMatchObject({ count: 6, blocks: 1, complete: true });
      const lines = formatMask(mask, { masked: "#", visible: "" })
        .split("\n")
        .filter((line) => line !== "");
      expect(lines).toEqual(["##", "##", "##"]);
    }
  });
});

describe("onBlock", () => {
  test.each(["official", "exact", "paper"] as const)(
    "gives the blocks of %s in the order they were placed",
    (variant) => {
      const options: BlockwiseOptions = variant === "paper" ? { variant, ratio: 0.4 } : { variant, count: 75 };
      for (let seed = 0; seed < 50; seed++) {
        const again = new Uint8Array(196);
        let placed = 0;
        const mask = blockwiseMask(grid, options, createRng(seed), ({ top, left, height, width }) => {
          const before = again.reduce((sum, cell) => sum + cell, 0);
          for (let row = top; row < top + height; row++) again.fill(1, row * 14 + left, row * 14 + left + width);
          if (again.reduce((sum, cell) => sum + cell, 0) > before) placed++;
        });
        expect(placed).toBe(mask.blocks);
        expect(mask.cells.filter((cell, i) => cell < again[i])).toHaveLength(0);
        if (variant !== "exact") expect(again).toEqual(mask.cells);
        expect(mask).toEqual(blockwiseMask(grid, options, createRng(seed)));
      }
    },
  );
});
