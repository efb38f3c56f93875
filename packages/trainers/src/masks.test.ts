import { createRng } from "@beitjs/tensor-core/random";
import { expect, test } from "vitest";
import { createMaskDrawer, drawMask } from "./masks.ts";
import type { MaskRecipe } from "./recipes/recipe.ts";

const recipes: readonly MaskRecipe[] = [
  { kind: "blockwise", variant: "official", count: 75, minBlock: 16 },
  { kind: "blockwise", variant: "exact", count: 75, minBlock: 16 },
  { kind: "blockwise", variant: "paper", ratio: 0.4 },
  { kind: "uniform", count: 75 },
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
