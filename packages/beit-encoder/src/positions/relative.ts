// Relative position bias: a number per head for every offset between two patches, and three for pairs with the class
// token. (BEiT paper, section 2.2 and appendix A; modeling_finetune.py, run_class_finetuning.py)
import { tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { formatGrid, type Grid } from "@beitjs/tensor-core/grid";
import { relativePositionBias } from "@beitjs/tensor-core/ops";
import { bilinearWeights, resizeMap, type AxisWeights } from "./interpolation.ts";
import { geometricCubicWeights, geometricLinearWeights } from "./spline.ts";

/** Rows of a table: every offset between two patches, and class to patch, patch to class, class to class. */
export function tableRows({ rows, cols }: Grid): number {
  return (2 * rows - 1) * (2 * cols - 1) + 3;
}

/**
 * Row of the table for every query (row) and key (column), token 0 being the class token. -> [N + 1, N + 1]
 *
 * Patches at (r, c): (r_query - r_key + rows - 1)(2 cols - 1) + c_query - c_key + cols - 1.
 */
export function relativePositionIndex(grid: Grid): Int32Array {
  const { rows, cols } = grid;
  const tokens = rows * cols + 1;
  const last = tableRows(grid) - 1;
  const index = new Int32Array(tokens * tokens);
  index.fill(last - 2, 0, tokens);
  for (let query = 1; query < tokens; query++) {
    const row = Math.floor((query - 1) / cols);
    const col = (query - 1) % cols;
    index[query * tokens] = last - 1;
    for (let key = 1; key < tokens; key++) {
      const down = row - Math.floor((key - 1) / cols);
      const right = col - ((key - 1) % cols);
      index[query * tokens + key] = (down + rows - 1) * (2 * cols - 1) + right + cols - 1;
    }
  }
  index[0] = last;
  return index;
}

/** Looks biases up in tables of one grid; the index is uploaded once. -> table [R, H] to bias [H, N + 1, N + 1] */
export function biasLookup(grid: Grid, backend: Backend): (table: Tensor) => Tensor {
  const tokens = grid.rows * grid.cols + 1;
  const index = tensor(relativePositionIndex(grid), [tokens, tokens], backend, "int32");
  return (table) => relativePositionBias(table, index);
}

/**
 * How a table meets another grid. `geometric-cubic`: the official way; cubic splines through offsets that grow
 * geometrically, so that the nearest neighbors keep their values; the official code knows squares only, so from or to any other
 * grid it is the next. `geometric-linear`: the same offsets joined by lines, as timm does. `bilinear`: as Hugging Face does
 * when it runs.
 */
export type TableResizing = "geometric-cubic" | "geometric-linear" | "bilinear";

const resizings: Readonly<Record<TableResizing, (source: number, target: number) => AxisWeights>> = {
  "geometric-cubic": geometricCubicWeights,
  "geometric-linear": geometricLinearWeights,
  bilinear: bilinearWeights,
};

export type ResizeTableOptions = {
  readonly heads: number;
  readonly from: Grid;
  readonly to: Grid;
  readonly method?: TableResizing;
};

/**
 * The values of a table [R, H] for another grid. The three entries of the class token are kept.
 *
 * @throws if the table does not fit the grid it is from, or if cubic splines would run through fewer than three patches along a side
 */
export function resizeTable(table: Float32Array, options: ResizeTableOptions): Float32Array {
  const { heads, from, to, method = "geometric-cubic" } = options;
  if (table.length !== tableRows(from) * heads) {
    throw new Error(
      `[resizeTable] expected ${tableRows(from)} rows of ${heads} for a ${formatGrid(from)} grid, got ${table.length} values`,
    );
  }
  const squares = from.rows === from.cols && to.rows === to.cols;
  const along = method === "geometric-cubic" && !squares ? "geometric-linear" : method;
  const weights = (source: number, target: number) => tableWeights(source, target, along);
  const offsets = table.subarray(0, table.length - 3 * heads);
  const resized = resizeMap(offsets, heads, weights(from.rows, to.rows), weights(from.cols, to.cols));
  const result = new Float32Array(tableRows(to) * heads);
  result.set(resized);
  result.set(table.subarray(table.length - 3 * heads), resized.length);
  return result;
}

/** Weights of every stored offset in every wanted one, along a side of `source` patches that gets `target`; as if of squares. */
export function tableWeights(source: number, target: number, method: TableResizing): AxisWeights {
  return resizings[method](2 * source - 1, 2 * target - 1);
}
