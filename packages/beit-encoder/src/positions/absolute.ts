// Absolute position embeddings for another grid. (run_class_finetuning.py; timm, layers/pos_embed.py)
import { formatGrid, type Grid } from "@beitjs/tensor-core/grid";
import { antialiasedBicubicWeights, bicubicWeights, resizeMap, type AxisWeights } from "./interpolation.ts";

/**
 * `bicubic`: the official loader, MAE and Hugging Face. `antialiased-bicubic`: timm, and DINOv2 with registers. `shifted-bicubic`: DINO
 * and DINOv2, which read positions as if there were a tenth of a patch more.
 */
export type PositionResizing = "bicubic" | "antialiased-bicubic" | "shifted-bicubic";

export type ResizePositionsOptions = {
  readonly width: number;
  readonly from: Grid;
  readonly to: Grid;
  readonly method?: PositionResizing;
};

/**
 * The values of position embeddings [N + 1, D] for another grid. The class token's, row 0, is kept.
 *
 * @throws if the embeddings do not fit the grid they are from
 */
export function resizePositions(positions: Float32Array, options: ResizePositionsOptions): Float32Array {
  const { width, from, to, method = "bicubic" } = options;
  if (positions.length !== (from.rows * from.cols + 1) * width) {
    throw new Error(
      `[resizePositions] expected ${from.rows * from.cols + 1} rows of ${width} for a ${formatGrid(from)} grid, got ${positions.length} values`,
    );
  }
  const result = new Float32Array((to.rows * to.cols + 1) * width);
  result.set(positions.subarray(0, width));
  const patches = positions.subarray(width);
  const weights = (source: number, target: number) => positionWeights(source, target, method);
  result.set(resizeMap(patches, width, weights(from.rows, to.rows), weights(from.cols, to.cols)), width);
  return result;
}

/** Weights of every stored position in every wanted one, along a side of `source` patches that gets `target`. */
export function positionWeights(source: number, target: number, method: PositionResizing): AxisWeights {
  if (method === "antialiased-bicubic") return antialiasedBicubicWeights(source, target);
  return bicubicWeights(source, target, method === "bicubic" ? 0 : 0.1);
}
