import type { Tensor } from "../../../tensor.ts";
import type { Gpu } from "../context.ts";

/** Widest rows for a workgroup of 64, with a column each (shaders/include/lanes.wgsl). */
const NARROW = 64;

/**
 * sums[row] = the sum of the items of dy whose id is `row`. [..., D] or, by other strides, any layout; int32 [...]; [R, D]
 */
export function scatterRows(
  gpu: Gpu,
  dy: Tensor,
  ids: Tensor,
  sums: Tensor,
  { itemStride = sums.shape[1], columnStride = 1 } = {},
): void {
  const [rows, width] = sums.shape;
  const sizes = [rows, width, ids.size, itemStride, columnStride];
  const program = { shader: "scatter-rows", constants: { NARROW: width <= NARROW } } as const;
  gpu.groups(program, rows, { reads: [dy, ids], writes: [sums], sizes });
}
