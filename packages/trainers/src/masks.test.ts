import { createRng } from "@beitjs/tensor-core/random";
import { expect, test } from "vitest";
import { createMaskDrawer, drawMask, masksOf } from "./masks.ts";
import type { MaskRecipe } from "./recipes/recipe.ts";

const recipes: readonly MaskRecipe[] = [
  { kind: "blockwise", variant: "official", count: 75, minBlock: 16 },
  { kind: "blockwise", variant: "exact", count: 75, minBlock: 16 },
  { kind: "blockwise", variant: "paper", ratio: 0.4 },
  { kind: "uniform", count: 75 },
  { kind: "uniform", share: 0.75 },
  { kind: "span", share: 0.3, endProbability: 0.25, maxWords: 4 },
  { kind: "none" },
];
const grids = [
  { rows: 14, cols: 14 },
  { rows: 24, cols: 40 },
  { rows: 40, cols: 9 },
];

test.each(recipes)("shuffled batches have the masks of drawMask, cell by cell: %o", async (recipe) => {
  const draw = await createMaskDrawer();
  const rng = createRng(5);
  for (const grid of grids) {
    for (let batch = 0; batch < 12; batch++) {
      const [seed, epoch] = [rng.uint32() + 2 ** 32 * rng.integer(2 ** 21), rng.integer(800)];
      const addresses = Array.from({ length: 64 }, () => ({ seed, epoch, index: rng.integer(1_300_000) }));
      const masks = draw(grid, recipe, addresses);
      addresses.forEach((address, i) => {
        const expected = drawMask(grid, recipe, address);
        expect(masks[i].count).toBe(expected.count);
        expect(masks[i].cells.join("")).toBe(expected.cells.join(""));
      });
    }
  }
});

const square = { rows: 14, cols: 14 };
const at = (index: number) => ({ seed: 2, epoch: 0, index });

test("a share hides as many patches of every grid, spans the next patch more, and nothing hides none", () => {
  const counts = (recipe: MaskRecipe, grid: (typeof grids)[number]) =>
    new Set(Array.from({ length: 20 }, (_, index) => drawMask(grid, recipe, at(index)).count));
  for (const grid of grids) {
    const patches = grid.rows * grid.cols;
    expect(counts({ kind: "uniform", share: 0.75 }, grid)).toEqual(new Set([Math.round(0.75 * patches)]));
    expect(counts({ kind: "span", share: 0.4 }, grid)).toEqual(new Set([Math.ceil(0.4 * patches)]));
    expect(counts({ kind: "none" }, grid)).toEqual(new Set([0]));
  }
});

test("an encoder of visible patches has masks of one count, whichever blocks they are made of", () => {
  const counts = (encoder: "all" | "visible", mask: MaskRecipe) =>
    new Set(Array.from({ length: 40 }, (_, i) => drawMask(square, masksOf({ mask, encoder }, square), at(i)).count));
  const official = { kind: "blockwise", count: 147, minBlock: 16 } as const;
  const paper = { kind: "blockwise", variant: "paper", ratio: 0.6 } as const;
  expect(counts("visible", official)).toEqual(new Set([147]));
  expect(counts("visible", paper)).toEqual(new Set([118]));
  expect(counts("all", official).size).toBeGreaterThan(1);
  expect(counts("all", paper).size).toBeGreaterThan(1);
});
