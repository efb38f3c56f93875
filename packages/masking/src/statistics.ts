// What many masks look like on average: how many patches they hide, where, and how clustered.
import type { Grid, Mask } from "./grid.ts";

export type StatisticsOptions = {
  /** Count of a full mask; the largest count seen by default. */
  readonly target?: number;
};

export type MaskStatistics = {
  readonly grid: Grid;
  readonly masks: number;
  readonly meanCount: number;
  /** Population standard deviation of the count. */
  readonly stdCount: number;
  readonly smallestCount: number;
  readonly largestCount: number;
  /** Share of masks whose count is at least the target. */
  readonly fullShare: number;
  /** Share of masks that hide each patch, row-major [rows * cols], and its mean over each row [rows]. */
  readonly cellShares: Float64Array;
  readonly rowShares: Float64Array;
  /** P(both masked) of two patches that share an edge; 0 on a 1x1 grid. Of unrelated patches it is the ratio squared. */
  readonly adjacentShare: number;
};

/** Statistics over masks of one grid. Throws a RangeError if there are none or their grids differ. */
export function maskStatistics(masks: readonly Mask[], options: StatisticsOptions = {}): MaskStatistics {
  if (masks.length === 0) throw new RangeError("[maskStatistics] expected at least one mask, got none");
  const { grid } = masks[0];
  const cellShares = new Float64Array(grid.rows * grid.cols);
  let bothMasked = 0;
  for (const mask of masks) {
    if (mask.grid.rows !== grid.rows || mask.grid.cols !== grid.cols) {
      throw new RangeError(
        `[maskStatistics] expected ${grid.rows}x${grid.cols} masks, got ${mask.grid.rows}x${mask.grid.cols}`,
      );
    }
    for (let cell = 0; cell < cellShares.length; cell++) cellShares[cell] += mask.cells[cell] / masks.length;
    bothMasked += adjacentPairs(mask);
  }
  const pairs = grid.rows * (grid.cols - 1) + grid.cols * (grid.rows - 1);
  return {
    grid,
    masks: masks.length,
    ...countStatistics(
      masks.map((mask) => mask.count),
      options,
    ),
    cellShares,
    rowShares: Float64Array.from({ length: grid.rows }, (_, row) =>
      mean(cellShares.subarray(row * grid.cols, (row + 1) * grid.cols)),
    ),
    adjacentShare: pairs === 0 ? 0 : bothMasked / (pairs * masks.length),
  };
}

function countStatistics(counts: readonly number[], { target }: StatisticsOptions) {
  const meanCount = mean(counts);
  const largestCount = counts.reduce((a, b) => Math.max(a, b));
  const full = target ?? largestCount;
  return {
    meanCount,
    stdCount: Math.sqrt(mean(counts.map((count) => (count - meanCount) ** 2))),
    smallestCount: counts.reduce((a, b) => Math.min(a, b)),
    largestCount,
    fullShare: counts.filter((count) => count >= full).length / counts.length,
  };
}

function adjacentPairs({ grid: { rows, cols }, cells }: Mask): number {
  let pairs = 0;
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const cell = row * cols + col;
      if (col + 1 < cols) pairs += cells[cell] & cells[cell + 1];
      if (row + 1 < rows) pairs += cells[cell] & cells[cell + cols];
    }
  }
  return pairs;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
