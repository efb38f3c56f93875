// The grid of positions that a file holds. Their number tells it for squares only; where it rules a square out, they can still
// be known to fit a grid that is asked for. (timm, layers/pos_embed_rel.py, resize_rel_pos_bias_table)
import { cellCount, type Grid } from "@beitjs/tensor-core/grid";
import { tableRows } from "./relative.ts";

/** Absolute positions (`side² + 1` rows of a square) or a table of relative ones (`(2 side - 1)² + 3`). */
export type PositionKind = "positions" | "table";

/** Rows for a grid. */
export function rowsFor(kind: PositionKind, grid: Grid): number {
  return kind === "table" ? tableRows(grid) : cellCount(grid) + 1;
}

/** The square grid that has so many rows; none where no square has. */
export function squareGrid(kind: PositionKind, rows: number): Grid | undefined {
  const side = kind === "table" ? (Math.sqrt(rows - 3) + 1) / 2 : Math.sqrt(rows - 1);
  return Number.isSafeInteger(side) && side > 0 ? { rows: side, cols: side } : undefined;
}
