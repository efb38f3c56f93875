// Absolute position embeddings for another grid: bicubic, as the official loader does. (run_class_finetuning.py)
import { bicubicWeights, resizeMap } from "./interpolation.ts";
import type { PatchGrid } from "./relative-position.ts";

export type ResizePositionsOptions = { readonly width: number; readonly from: PatchGrid; readonly to: PatchGrid };

/**
 * The values of position embeddings [N + 1, D] for another grid. The class token's, row 0, is kept.
 *
 * @throws if the embeddings do not fit the grid they are from
 */
export function resizePositions(positions: Float32Array, { width, from, to }: ResizePositionsOptions): Float32Array {
  if (positions.length !== (from.rows * from.cols + 1) * width) {
    throw new Error(
      `[resizePositions] expected ${from.rows * from.cols + 1} rows of ${width} for a ${from.rows}x${from.cols} grid, got ${positions.length} values`,
    );
  }
  const result = new Float32Array((to.rows * to.cols + 1) * width);
  result.set(positions.subarray(0, width));
  const patches = positions.subarray(width);
  result.set(resizeMap(patches, width, bicubicWeights(from.rows, to.rows), bicubicWeights(from.cols, to.cols)), width);
  return result;
}
