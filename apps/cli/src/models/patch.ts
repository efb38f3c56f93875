// A patch of a model's grid, as flags say it.
import type { Grid } from "@beitjs/tensor-core/grid";
import { usageError } from "../program/exit-codes.ts";

/**
 * Number of the patch that `4,1` (row and column) or `57` (row by row from 0) says.
 *
 * @throws a usage error for one that is not there
 */
export function parsePatch(text: string, { rows, cols }: Grid): number {
  const [first, second, ...rest] = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  const within = (place: number, count: number) => Number.isInteger(place) && place >= 0 && place < count;
  if (second === undefined && within(first, rows * cols)) return first;
  if (second === undefined || rest.length > 0 || !within(first, rows) || !within(second, cols)) {
    const numbers = `or a number from 0 to ${rows * cols - 1}`;
    throw usageError(`--patch ${text}: expected row,col from 0,0 to ${rows - 1},${cols - 1}, ${numbers}`);
  }
  return first * cols + second;
}
