// Patches masked without structure, the "random masking" that the BEiT paper compares with (section 3.3).
import type { Rng } from "@beitjs/tensor-core/random";
import { checkCount, checkGrid } from "./grid.ts";
import type { Grid, Mask } from "./grid.ts";

export type UniformOptions = {
  /** Patches to mask, 1 to all. */
  readonly count: number;
};

/**
 * Masks exactly `count` patches; every set of that size is equally likely. Throws a RangeError for a grid outside
 * 1x1 to 64x64 or a count outside 1 to rows * cols. BEiT paper (Bao et al. 2021), section 3.3 and table 4.
 */
export function uniformMask(grid: Grid, { count }: UniformOptions, rng: Rng): Mask {
  checkGrid("uniformMask", grid);
  checkCount("uniformMask", count, grid);
  const cells = new Uint8Array(grid.rows * grid.cols);
  maskUniformly(cells, count, rng);
  return { grid, cells, count };
}

/** Masks `count` of the cells that are still 0, drawn without replacement: the head of a Fisher-Yates shuffle. */
export function maskUniformly(cells: Uint8Array, count: number, rng: Rng): void {
  const free = new Uint16Array(cells.length);
  let frees = 0;
  for (let i = 0; i < cells.length; i++) if (cells[i] === 0) free[frees++] = i;
  for (let i = 0; i < count; i++) {
    const chosen = i + rng.integer(frees - i);
    cells[free[chosen]] = 1;
    free[chosen] = free[i];
  }
}
