// A recipe for another tokenizer than the one it was written for.
import { gridOf } from "@beitjs/beit-encoder";
import { tokenGridOf, type TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import { cellCount, imageSizeOf, sameGrid, type Grid } from "@beitjs/tensor-core/grid";
import { ratioFor } from "./aspect.ts";
import { viewsOf } from "./fit-to-channels.ts";
import type { MaskRecipe, PretrainRecipe } from "./recipe.ts";

/**
 * The recipe with what follows from the tokenizer: its codebook is predicted, on its grid, from images of its channels, which it
 * sees in its own size. The encoder keeps its patches; on another grid its images become larger or smaller, and masks hide the
 * same share of them.
 *
 * @example pretrain({ recipe: fitToTokenizer(pretrainTiny, tokenizer), tokenizer, images, backend })
 */
export function fitToTokenizer(recipe: PretrainRecipe, { config }: Pick<TokenizerEncoder, "config">): PretrainRecipe {
  const { model, views, mask } = recipe;
  const { vocabSize, imageSize: tokenSize } = config;
  const { channels } = config;
  const [own, grid] = [gridOf(model), tokenGridOf(config)];
  const same = sameGrid(own, grid);
  const [height, width] = [grid.rows, grid.cols].map((cells) => cells * model.patchSize);
  const imageSize = same ? model.imageSize : imageSizeOf({ height, width });
  return {
    ...recipe,
    model: { ...model, imageSize, channels, vocabSize },
    views: {
      ...viewsOf(views, channels),
      pixelSize: imageSize,
      tokenSize,
      ratio: ratioFor(views.ratio, views.pixelSize, imageSize),
    },
    mask: maskFor(mask, own, grid),
  };
}

/** @internal The masks of one grid for another: the same share is hidden. */
export function maskFor(mask: MaskRecipe, own: Grid, grid: Grid): MaskRecipe {
  if (sameGrid(own, grid)) return mask;
  const share = cellCount(grid) / cellCount(own);
  const scaled = <Key extends string>(key: Key, of: { readonly [K in Key]?: number }) =>
    of[key] === undefined
      ? {}
      : ({ [key]: Math.max(1, Math.round(of[key] * share)) } as { readonly [K in Key]: number });
  if (mask.kind === "none" || "share" in mask) return mask;
  if (mask.kind === "uniform") return { ...mask, ...scaled("count", mask) };
  if (mask.variant === "paper") return { ...mask, ...scaled("minBlock", mask) };
  return { ...mask, ...scaled("count", mask), ...scaled("minBlock", mask), ...scaled("maxBlock", mask) };
}
