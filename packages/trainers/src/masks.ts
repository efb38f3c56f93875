// Masks of training images: one a picture, drawn from the picture's own random stream in this epoch.
import { blockwiseMask, maskOf, uniformMask, type Grid, type Mask } from "@beitjs/masking";
import { createMaskGenerator } from "@beitjs/masking/bulk";
import { createRng, streams } from "@beitjs/tensor-core/random";
import type { MaskRecipe } from "./recipes/recipe.ts";

/** Which mask: that of example `index` in `epoch` of a run with this seed. */
export type MaskAddress = { readonly seed: number; readonly epoch: number; readonly index: number };

/** The mask of one example. */
export function drawMask(grid: Grid, recipe: MaskRecipe, address: MaskAddress): Mask {
  const rng = createRng({ ...address, stream: streams.mask });
  return recipe.kind === "uniform" ? uniformMask(grid, recipe, rng) : blockwiseMask(grid, recipe, rng);
}

export type DrawMasks = (grid: Grid, recipe: MaskRecipe, addresses: readonly MaskAddress[]) => readonly Mask[];

/** Draws the masks of many examples at once, by WebAssembly SIMD where there is any: cell by cell those of `drawMask`. */
export async function createMaskDrawer(): Promise<DrawMasks> {
  const generator = await createMaskGenerator();
  return (grid, recipe, examples) => {
    const addresses = examples.map(({ seed, epoch, index }) => ({ seed, epoch, index, stream: streams.mask }));
    const batch =
      recipe.kind === "uniform"
        ? generator.uniform(grid, recipe, addresses)
        : generator.blockwise(grid, recipe, addresses);
    return examples.map((_, i) => maskOf(batch, i));
  };
}

/** Visual tokens at the masked patches of a batch: image after image, positions ascending, as the logits come. */
export function maskedTargets(visualTokens: ArrayLike<number>, masks: readonly Mask[]): Int32Array {
  const targets = new Int32Array(masks.reduce((sum, { count }) => sum + count, 0));
  let next = 0;
  let at = 0;
  for (const { cells } of masks) {
    for (let i = 0; i < cells.length; i++) if (cells[i] === 1) targets[next++] = visualTokens[at + i];
    at += cells.length;
  }
  return targets;
}
