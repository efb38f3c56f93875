// Masks of training images: one a picture, drawn from the picture's own random stream in this epoch.
import { blockwiseMask, uniformMask, type Grid, type Mask } from "@beitjs/masking";
import { createRng, streams } from "@beitjs/tensor-core/random";
import type { MaskRecipe } from "./recipes/recipe.ts";

/** The mask of example `index` in `epoch`. */
export function drawMask(
  grid: Grid,
  recipe: MaskRecipe,
  address: { readonly seed: number; readonly epoch: number; readonly index: number },
): Mask {
  const rng = createRng({ ...address, stream: streams.mask });
  return recipe.kind === "uniform" ? uniformMask(grid, recipe, rng) : blockwiseMask(grid, recipe, rng);
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
