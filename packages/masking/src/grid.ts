// Patch grids and masks over them. One byte a patch, row-major, 1 = masked; the class token has no cell.
import type { Grid } from "@beitjs/tensor-core/grid";

export type { Grid } from "@beitjs/tensor-core/grid";

/** Which patches of a grid are hidden. `count` always equals the number of ones in `cells`. */
export type Mask = {
  readonly grid: Grid;
  /** Row-major [rows * cols], 1 = masked. */
  readonly cells: Uint8Array;
  readonly count: number;
};

/** An option that cannot be, or cannot be on its grid. */
export class MaskOptionError extends RangeError {
  /** Name of the option; none where it is several together. */
  readonly option: string | undefined;
  readonly expected: string;
  readonly got: unknown;

  constructor(message: string, option: string | undefined, expected: string, got: unknown) {
    super(message);
    this.name = "MaskOptionError";
    this.option = option;
    this.expected = expected;
    this.got = got;
  }
}

/** Longest side of a grid; a row of cells then fits one 64-bit word in the WebAssembly generator. */
export const maxGridSide = 64;

/** A mask that hides nothing. Throws a RangeError for a grid outside 1x1 to 64x64. */
export function emptyMask(grid: Grid): Mask {
  checkGrid("emptyMask", grid);
  return { grid, cells: new Uint8Array(grid.rows * grid.cols), count: 0 };
}

/** A mask from row-major cells, each 0 or 1, which are copied. Throws a RangeError for any other length or value. */
export function maskFromCells(grid: Grid, cells: ArrayLike<number>): Mask {
  checkGrid("maskFromCells", grid);
  if (cells.length !== grid.rows * grid.cols) {
    throw new RangeError(`[maskFromCells] expected ${grid.rows * grid.cols} cells, got ${cells.length}`);
  }
  let count = 0;
  for (let i = 0; i < cells.length; i++) {
    if (cells[i] !== 0 && cells[i] !== 1) {
      throw new RangeError(`[maskFromCells] expected 0 or 1 in cell ${i}, got ${cells[i]}`);
    }
    count += cells[i];
  }
  return { grid, cells: Uint8Array.from(cells), count };
}

/** Row-major positions of the masked patches, ascending: Int32 [count]. */
export function maskedIndices(mask: Mask): Int32Array {
  const indices = new Int32Array(mask.count);
  let next = 0;
  for (let i = 0; i < mask.cells.length; i++) if (mask.cells[i] === 1) indices[next++] = i;
  return indices;
}

/** Share of patches that are masked, in [0, 1]. */
export function maskRatio(mask: Mask): number {
  return mask.count / mask.cells.length;
}

/** Throws a RangeError, in the name of `caller`, unless both sides are integers from 1 to 64. */
export function checkGrid(caller: string, { rows, cols }: Grid): void {
  const valid = (side: number) => Number.isInteger(side) && side >= 1 && side <= maxGridSide;
  if (!valid(rows) || !valid(cols)) {
    throw new RangeError(`[${caller}] expected a grid from 1x1 to ${maxGridSide}x${maxGridSide}, got ${rows}x${cols}`);
  }
}

/** Throws a RangeError, in the name of `caller`, unless `count` is an integer from 1 to the cells of the grid. */
export function checkCount(caller: string, count: number, { rows, cols }: Grid): void {
  if (!Number.isInteger(count) || count < 1 || count > rows * cols) {
    const expected = `an integer in [1, ${rows * cols}] on a ${rows}x${cols} grid`;
    throw new MaskOptionError(`[${caller}] expected count to be ${expected}, got ${count}`, "count", expected, count);
  }
}
