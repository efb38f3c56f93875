// A mask as text, for terminals and snapshots.
import type { Mask } from "./grid.ts";

export type FormatOptions = {
  /** Text of a masked and of a visible patch; two characters look square in a terminal. */
  readonly masked?: string;
  readonly visible?: string;
};

/** One line a row of patches, without a line break at the end: "██" is masked, "··" is visible. */
export function formatMask({ grid, cells }: Mask, { masked = "██", visible = "··" }: FormatOptions = {}): string {
  const line = (row: number) =>
    Array.from(cells.subarray(row * grid.cols, (row + 1) * grid.cols), (cell) => (cell === 1 ? masked : visible));
  return Array.from({ length: grid.rows }, (_, row) => line(row).join("")).join("\n");
}
