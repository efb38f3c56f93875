import type { Tensor } from "../../../tensor.ts";

/** A tensor as a matrix: everything before the last axis, and the last axis. */
export function rowsOf({ shape, size }: Tensor): { readonly rows: number; readonly width: number } {
  const width = shape[shape.length - 1];
  return { rows: width > 0 ? size / width : 0, width };
}
