// Masks of training images: one a picture, drawn from the picture's own random stream in this epoch.
import { blockwiseMask, maskOf, spanMask, uniformMask, type Grid, type Mask } from "@beitjs/masking";
import { createMaskGenerator } from "@beitjs/masking/bulk";
import { cellCount } from "@beitjs/tensor-core/grid";
import { createRng, streams } from "@beitjs/tensor-core/random";
import type { MaskRecipe, PretrainRecipe } from "./recipes/recipe.ts";

/** Which mask: that of example `index` in `epoch` of a run with this seed. */
export type MaskAddress = { readonly seed: number; readonly epoch: number; readonly index: number };

/** The mask of one example. */
export function drawMask(grid: Grid, recipe: MaskRecipe, address: MaskAddress): Mask {
  const rng = createRng({ ...address, stream: streams.mask });
  if (recipe.kind === "blockwise") return blockwiseMask(grid, recipe, rng);
  const cells = new Uint8Array(cellCount(grid));
  const count = recipe.kind === "none" ? 0 : hiddenCount(grid, recipe);
  if (count === 0) return { grid, cells, count };
  if (recipe.kind === "uniform") return uniformMask(grid, { count }, rng);
  const { share, endProbability, maxWords } = recipe as Extract<MaskRecipe, { readonly kind: "span" }>;
  const lengths = {
    ...(endProbability !== undefined && { endProbability }),
    ...(maxWords !== undefined && { maxWords }),
  };
  return { grid, ...spanMask(cells.length, { ratio: share, ...lengths }, rng) };
}

export type DrawMasks = (grid: Grid, recipe: MaskRecipe, addresses: readonly MaskAddress[]) => readonly Mask[];

/** Draws the masks of many examples at once, by WebAssembly SIMD where there is any: cell by cell those of `drawMask`. */
export async function createMaskDrawer(): Promise<DrawMasks> {
  const generator = await createMaskGenerator();
  return (grid, recipe, examples) => {
    if (recipe.kind === "span" || recipe.kind === "none") return examples.map((at) => drawMask(grid, recipe, at));
    const addresses = examples.map(({ seed, epoch, index }) => ({ seed, epoch, index, stream: streams.mask }));
    const batch =
      recipe.kind === "uniform"
        ? generator.uniform(grid, { count: hiddenCount(grid, recipe) }, addresses)
        : generator.blockwise(grid, recipe, addresses);
    return examples.map((_, i) => maskOf(batch, i));
  };
}

/** Masks that all hide as many patches: blockwise ones are filled up to their count, or to their ratio, with patches drawn uniformly. */
export function fixedMask(grid: Grid, recipe: MaskRecipe): MaskRecipe {
  if (recipe.kind !== "blockwise") return recipe;
  if (recipe.variant !== "paper") return { ...recipe, variant: "exact" };
  const { ratio = 0.4, variant: _, ...blocks } = recipe;
  return { ...blocks, variant: "exact", count: Math.max(1, Math.round(ratio * cellCount(grid))) };
}

/** The masks of a recipe of pre-training. */
export function masksOf({ mask, encoder }: Pick<PretrainRecipe, "mask" | "encoder">, grid: Grid): MaskRecipe {
  return encoder === "visible" ? fixedMask(grid, mask) : mask;
}

/** How many patches masks of a count or a share hide. */
export function hiddenCount(grid: Grid, recipe: MaskRecipe): number {
  if ("count" in recipe) return recipe.count;
  const share = "share" in recipe ? recipe.share : 0;
  return recipe.kind === "span" ? Math.ceil(share * cellCount(grid)) : Math.round(share * cellCount(grid));
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
