// Which masks are meant, by flags or by what a model is.
import type { Mask } from "@beitjs/masking";
import { maskFromCells } from "@beitjs/masking";
import { cellCount, formatGrid, type Grid } from "@beitjs/tensor-core/grid";
import { drawMask, type MaskRecipe } from "@beitjs/trainers";
import { messageOf, usageError } from "../program/exit-codes.ts";
import type { MaskKind } from "./flags.ts";

type Counted = MaskRecipe & { readonly count: number };

/** 75 of 14 x 14 patches in blocks of 16 and more, and as large a share of another grid. (BEiT paper, section 2.3) */
export function paperMask(patches: number): Counted {
  return { kind: "blockwise", variant: "official", count: paperCount(patches), minBlock: leastBlock(patches) };
}

/** Three quarters, as many in every image. (He et al. 2021, section 3) */
export function autoencoderMask(patches: number): Counted {
  return { kind: "uniform", count: Math.max(1, Math.min(patches - 1, Math.round(0.75 * patches))) };
}

/** How masks of a kind are drawn that hide so many patches; the paper's share of them by default. */
export function maskRecipe(kind: MaskKind, grid: Grid, hidden?: number): MaskRecipe {
  const patches = cellCount(grid);
  const count = hidden ?? paperCount(patches);
  const minBlock = Math.min(count, leastBlock(patches));
  switch (kind) {
    case "blockwise":
      return { kind, variant: "official", count, minBlock };
    case "exact":
      return { kind: "blockwise", variant: "exact", count, minBlock };
    case "paper":
      return { kind: "blockwise", variant: "paper", ratio: count / patches, minBlock };
    case "uniform":
      return { kind, count };
    case "span":
      // A share that is rounded up to the count, whatever its last bit is.
      return { kind, share: (count - 0.5) / patches };
    case "none":
      return { kind };
  }
}

/**
 * How many patches `--ratio` or `--count` hide; undefined without either.
 *
 * @throws a usage error for both, and for more than there are
 */
export function hiddenPatches(
  { ratio, count }: { readonly ratio: number | undefined; readonly count: number | undefined },
  grid: Grid,
): number | undefined {
  const patches = cellCount(grid);
  if (ratio !== undefined && count !== undefined) throw usageError("expected either --ratio or --count, got both");
  if (ratio !== undefined && ratio > 1) throw usageError(`--ratio ${ratio}: expected a share of at most 1`);
  if (count !== undefined && count > patches)
    throw usageError(`--count ${count}: expected at most the ${patches} patches of ${formatGrid(grid)}`);
  return ratio === undefined ? count : Math.max(1, Math.round(ratio * patches));
}

/** The mask that a run with this seed draws for image `index` in its first epoch; that there can be none is a usage error. */
export function maskOfImage(
  grid: Grid,
  recipe: MaskRecipe,
  { seed, index }: { readonly seed: number; readonly index: number },
): Mask {
  try {
    return drawMask(grid, recipe, { seed, epoch: 0, index });
  } catch (error) {
    throw error instanceof RangeError ? usageError(messageOf(error), error) : error;
  }
}

/** A mask by hand: `3,4,10-20`, patches by their numbers. */
export function parseMask(text: string, grid: Grid): Mask {
  const patches = cellCount(grid);
  const cells = new Uint8Array(patches);
  for (const part of text.split(",")) {
    const [, first, last = first] = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (!(from <= to && to < patches)) {
      const expected = `numbers from 0 to ${patches - 1} and ranges of them, such as 3,4,10-20`;
      throw usageError(`--patches ${text}: expected ${expected}, got ${part.trim() === "" ? "nothing" : part.trim()}`);
    }
    cells.fill(1, from, to + 1);
  }
  return maskFromCells(grid, cells);
}

function paperCount(patches: number): number {
  return Math.max(1, Math.round((75 * patches) / 196));
}

function leastBlock(patches: number): number {
  return Math.max(1, Math.round((16 * patches) / 196));
}
