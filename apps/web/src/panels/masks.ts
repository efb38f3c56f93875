// Masks as the panel asks for them, and what many of them look like.
import {
  blockwiseMask,
  maskedIndices,
  maskStatistics,
  spanMask,
  uniformMask,
  type Block,
  type Grid,
  type Mask,
} from "@beitjs/masking";
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
  const { kind, seed, minBlock, minAspect } = settings;
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
  const shape = { variant: kind, count, minBlock: Math.min(minBlock, count), minAspect };
  return blockwiseMask(grid, shape, rng, (block) => onBlock?.(patchesOf(block, grid)));
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

/** Statistics of the next `masks` seeds: what is expected of masks with these settings. */
export function expectedFacts(grid: Grid, settings: MaskSettings, masks = 200): MaskFacts {
  const drawn = Array.from({ length: masks }, (_, i) => drawMask(grid, { ...settings, seed: settings.seed + 1 + i }));
  return maskStatistics(drawn, { target: settings.count });
}

/** P(both hidden) of neighbors in one mask, as `maskStatistics` has it for many. */
export const adjacentShare = (mask: Mask): number => maskStatistics([mask]).adjacentShare;
