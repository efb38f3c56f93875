// Kernels that give every row of a matrix a workgroup.
import type { Tensor } from "../../../tensor.ts";
import type { Dispatch, Gpu } from "../context.ts";
import type { Program } from "../pipelines.ts";

export type Rows = { readonly rows: number; readonly width: number };

/** A tensor as a matrix: everything before the last axis, and the last axis. */
export function rowsOf({ shape, size }: Tensor): Rows {
  const width = shape[shape.length - 1];
  return { rows: width > 0 ? size / width : 0, width };
}

/** Widest rows that a quarter of the invocations is enough for: four values each (shaders/include/lanes.wgsl). */
const NARROW = 256;

/** A workgroup for each row, by a shader with include/lanes.wgsl. Its parameters begin with rows and width, `sizes` follow. */
export function eachRow(
  gpu: Gpu,
  program: Program,
  { rows, width }: Rows,
  { sizes = [], ...dispatch }: Dispatch,
): void {
  const constants = { ...program.constants, ...(width <= NARROW && { NARROW: true }) };
  gpu.groups({ ...program, constants }, rows, { ...dispatch, sizes: [rows, width, ...sizes] });
}
