// Masks as the panel asks for them, and what many of them look like.
import {
  blockwiseMask,
  maskedIndices,
  MaskOptionError,
  maskOf,
  maskStatistics,
  spanMask,
  uniformMask,
  type Block,
  type BlockwiseOptions,
  type Grid,
  type Mask,
} from "@beitjs/masking";
import type { MaskGenerator } from "@beitjs/masking/bulk";
import { cellCount } from "@beitjs/tensor-core/grid";
import { createRng } from "@beitjs/tensor-core/random";

export type MaskKind = "official" | "exact" | "uniform" | "span";

export type MaskSettings = {
  readonly kind: MaskKind;
  readonly count: number;
  readonly minBlock: number;
  /** Smallest height / width of a block; the largest is its inverse. */
  readonly minAspect: number;
  readonly seed: number;
};

export const defaultMask: MaskSettings = { kind: "official", count: 75, minBlock: 16, minAspect: 0.3, seed: 1 };

/**
 * @param onBlock called with the patches of every block or span, in the order they are hidden
 * @throws RangeError for settings that can never place a block
 */
export function drawMask(grid: Grid, settings: MaskSettings, onBlock?: (patches: readonly number[]) => void): Mask {
  const { kind, seed } = settings;
  const rng = createRng(seed);
  const count = Math.min(settings.count, grid.rows * grid.cols);
  if (kind === "uniform") {
    const mask = uniformMask(grid, { count }, rng);
    for (const patch of maskedIndices(mask)) onBlock?.([patch]);
    return mask;
  }
  if (kind === "span") {
    const length = grid.rows * grid.cols;
    const { cells, count: masked, spans } = spanMask(length, { ratio: count / length }, rng);
    for (const { start, end } of spans) onBlock?.(Array.from({ length: end - start }, (_, i) => start + i));
    return { grid, cells, count: masked };
  }
  return blockwiseMask(grid, shapeOf(settings, kind, count), rng, (block) => onBlock?.(patchesOf(block, grid)));
}

/** A mask where none was asked for by settings: of a grid that is too thin for blocks, patches on their own. */
export function anyMask(grid: Grid, seed = defaultMask.seed): Mask {
  try {
    return drawMask(grid, { ...defaultMask, seed });
  } catch (error) {
    if (!(error instanceof MaskOptionError)) throw error;
    return drawMask(grid, { ...defaultMask, seed, kind: "uniform", count: Math.round(0.4 * cellCount(grid)) });
  }
}

function shapeOf(
  { minBlock, minAspect }: MaskSettings,
  variant: "official" | "exact",
  count: number,
): BlockwiseOptions {
  return { variant, count, minBlock: Math.min(minBlock, count), minAspect };
}

function patchesOf({ top, left, height, width }: Block, { cols }: Grid): number[] {
  return Array.from({ length: height * width }, (_, i) => (top + Math.floor(i / width)) * cols + left + (i % width));
}

export type MaskFacts = {
  readonly masks: number;
  readonly meanCount: number;
  readonly stdCount: number;
  readonly fullShare: number;
  readonly adjacentShare: number;
  /** Share of masks that hide each patch. */
  readonly cellShares: Float64Array;
};

/** Statistics of the next `masks` seeds: what is expected of masks with these settings. `generator` draws them faster. */
export function expectedFacts(
  grid: Grid,
  settings: MaskSettings,
  { masks = 200, generator }: { readonly masks?: number; readonly generator?: MaskGenerator | undefined } = {},
): MaskFacts {
  const seeds = Array.from({ length: masks }, (_, i) => settings.seed + 1 + i);
  const drawn =
    (generator && drawInBulk(generator, grid, settings, seeds)) ??
    seeds.map((seed) => drawMask(grid, { ...settings, seed }));
  return maskStatistics(drawn, { target: settings.count });
}

// The masks of `drawMask`; spans are not among those that are made in bulk.
function drawInBulk(
  generator: MaskGenerator,
  grid: Grid,
  settings: MaskSettings,
  seeds: readonly number[],
): readonly Mask[] | undefined {
  const { kind } = settings;
  if (kind === "span") return undefined;
  const count = Math.min(settings.count, grid.rows * grid.cols);
  const addresses = seeds.map((seed) => ({ seed }));
  const batch =
    kind === "uniform"
      ? generator.uniform(grid, { count }, addresses)
      : generator.blockwise(grid, shapeOf(settings, kind, count), addresses);
  return seeds.map((_, i) => maskOf(batch, i));
}

/** P(both hidden) of neighbors in one mask, as `maskStatistics` has it for many. */
export const adjacentShare = (mask: Mask): number => maskStatistics([mask]).adjacentShare;
