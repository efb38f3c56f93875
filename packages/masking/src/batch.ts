// Batches of masks: how they are asked for, what they hold, and how TypeScript draws them where WebAssembly cannot.
import { createRng } from "@beitjs/tensor-core/random";
import { addressAt, addressWords } from "./batch-addresses.ts";
import type { BlockPlan, BlockwiseOptions } from "./block-plan.ts";
import { blockwiseMask, type BlockwiseMask } from "./blockwise.ts";
import type { Grid, Mask } from "./grid.ts";
import { uniformMask } from "./uniform.ts";
import type { UniformOptions } from "./uniform.ts";

export type MaskBatch = {
  readonly grid: Grid;
  readonly masks: number;
  /** [masks, rows * cols], 1 = masked. */
  readonly cells: Uint8Array;
  /** Masked patches of each mask [masks]. */
  readonly counts: Int32Array;
};

/** A batch with what `BlockwiseMask` tells of each mask, [masks] each. */
export type BlockwiseBatch = MaskBatch & {
  readonly blocks: Int32Array;
  readonly attempts: Int32Array;
  /** 1 = the count, or the ratio of "paper", was reached. */
  readonly complete: Uint8Array;
};

/** Checked requests: addresses [masks, 5] as `addressTable` makes them. */
export type UniformRequest = { readonly grid: Grid; readonly options: UniformOptions; readonly addresses: Uint32Array };
export type BlockwiseRequest = {
  readonly grid: Grid;
  readonly options: BlockwiseOptions;
  readonly plan: BlockPlan;
  readonly addresses: Uint32Array;
};
export type Draw = {
  readonly blockwise: (request: BlockwiseRequest) => BlockwiseBatch;
  readonly uniform: (request: UniformRequest) => MaskBatch;
};

export const drawWithTypescript: Draw = {
  blockwise({ grid, options, plan, addresses }) {
    const batch = emptyBlockwiseBatch(grid, addresses);
    for (let i = 0; i < batch.masks; i++) {
      const mask = blockwiseMask(grid, options, createRng(addressAt(addresses, i)));
      batch.cells.set(mask.cells, i * mask.cells.length);
      batch.counts[i] = mask.count;
      batch.blocks[i] = mask.blocks;
      batch.attempts[i] = mask.attempts;
    }
    return markComplete(batch, plan);
  },
  uniform({ grid, options, addresses }) {
    const batch = emptyBatch(grid, addresses);
    for (let i = 0; i < batch.masks; i++) {
      const { cells } = uniformMask(grid, options, createRng(addressAt(addresses, i)));
      batch.cells.set(cells, i * cells.length);
    }
    batch.counts.fill(options.count);
    return batch;
  },
};

export function emptyBatch(grid: Grid, addresses: Uint32Array): MaskBatch {
  const masks = addresses.length / addressWords;
  return { grid, masks, cells: new Uint8Array(masks * grid.rows * grid.cols), counts: new Int32Array(masks) };
}

export function emptyBlockwiseBatch(grid: Grid, addresses: Uint32Array): BlockwiseBatch {
  const batch = emptyBatch(grid, addresses);
  const { masks } = batch;
  return { ...batch, blocks: new Int32Array(masks), attempts: new Int32Array(masks), complete: new Uint8Array(masks) };
}

export function markComplete(batch: BlockwiseBatch, { target }: BlockPlan): BlockwiseBatch {
  for (let i = 0; i < batch.masks; i++) batch.complete[i] = batch.counts[i] >= target ? 1 : 0;
  return batch;
}

/** Mask i of a batch, sharing its cells. Throws a RangeError if there is no such mask. */
export function maskOf(batch: BlockwiseBatch, i: number): BlockwiseMask;
export function maskOf(batch: MaskBatch, i: number): Mask;
export function maskOf(batch: MaskBatch | BlockwiseBatch, i: number): Mask | BlockwiseMask {
  const { grid, masks } = batch;
  if (!Number.isInteger(i) || i < 0 || i >= masks) {
    throw new RangeError(`[maskOf] expected an integer in [0, ${masks - 1}], got ${i}`);
  }
  const size = grid.rows * grid.cols;
  const mask = { grid, cells: batch.cells.subarray(i * size, (i + 1) * size), count: batch.counts[i] };
  if (!("blocks" in batch)) return mask;
  return { ...mask, blocks: batch.blocks[i], attempts: batch.attempts[i], complete: batch.complete[i] === 1 };
}
