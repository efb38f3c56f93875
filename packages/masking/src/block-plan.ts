// Options of blockwise masking, checked and made complete: the one form that blockwise.ts and the WebAssembly
// generator both run. Also decides whether the official generator could place any block at all on a grid.
import { logarithm } from "./arithmetic.ts";
import { checkCount, checkGrid, MaskOptionError } from "./grid.ts";
import type { Grid } from "./grid.ts";

/** Limits of one block, as arguments of unilm's `beit/masking_generator.py`. */
export type BlockShapeOptions = {
  /** Lower bound of the area drawn for a block, in patches. BEiT is trained with 16, the default. */
  readonly minBlock?: number;
  /** Smallest height / width of a block, 0.3 by default. Between 1/4096 and 4096. */
  readonly minAspect?: number;
  /** Largest height / width of a block, 1 / minAspect by default. */
  readonly maxAspect?: number;
};

/** Blocks up to a number of patches: as BEiT's code does it ("official", the default) or as BEiT v2's does ("exact"). */
export type CountedBlockOptions = BlockShapeOptions & {
  readonly variant?: "official" | "exact";
  /** Patches to mask, 1 to all. BEiT masks 75 of 196. "official" never exceeds it, "exact" always reaches it. */
  readonly count: number;
  /** Upper bound of the area of a block, `count` by default. */
  readonly maxBlock?: number;
};

/** Blocks until more than a ratio of the patches is masked, as Algorithm 1 of the BEiT paper is written. */
export type PaperBlockOptions = BlockShapeOptions & {
  readonly variant: "paper";
  /** In (0, 1), 0.4 by default. */
  readonly ratio?: number;
};

export type BlockwiseOptions = CountedBlockOptions | PaperBlockOptions;

/** Options without gaps. `target` is in patches; areas are drawn between `minBlock` and what is left of `target`. */
export type BlockPlan = Grid & {
  readonly variant: "official" | "exact" | "paper";
  readonly target: number;
  readonly minBlock: number;
  readonly maxBlock: number;
  /** Logarithm of the aspect ratio: lower bound and width of its interval. */
  readonly logAspect: number;
  readonly logAspectSpan: number;
  /** Smallest block that the options allow on this grid: the last resort of "official". Zero sides in the others. */
  readonly smallest: Grid;
};

const aspectLimit = 4096;

/** Checks options against a grid. Throws a RangeError if they are out of range, or can never place a block ("official"). */
export function planBlocks(caller: string, grid: Grid, options: BlockwiseOptions): BlockPlan {
  checkGrid(caller, grid);
  const { minBlock = 16, minAspect = 0.3, maxAspect = 1 / minAspect } = options;
  if (!(minBlock > 0 && minBlock < Infinity)) throw optionError(caller, "minBlock", "positive", minBlock);
  if (!(minAspect >= 1 / aspectLimit && minAspect <= maxAspect && maxAspect <= aspectLimit)) {
    const [bounds, got] = ["1/4096 <= minAspect <= maxAspect <= 4096", `${minAspect} and ${maxAspect}`];
    throw new MaskOptionError(`[${caller}] expected ${bounds}, got ${got}`, undefined, bounds, got);
  }
  const logAspect = logarithm(minAspect);
  const shape = { ...grid, minBlock, logAspect, logAspectSpan: logarithm(maxAspect) - logAspect };
  if (options.variant === "paper") {
    const { ratio = 0.4 } = options;
    if (!(ratio > 0 && ratio < 1)) throw optionError(caller, "ratio", "in (0, 1)", ratio);
    return { ...shape, variant: "paper", target: ratio * grid.rows * grid.cols, maxBlock: Infinity, smallest: noBlock };
  }
  const { variant = "official", count, maxBlock = count } = options;
  if (variant !== "official" && variant !== "exact") {
    throw optionError(caller, "variant", '"official", "exact" or "paper"', variant);
  }
  checkCount(caller, count, grid);
  if (!(maxBlock >= 1 && maxBlock < Infinity)) throw optionError(caller, "maxBlock", "at least 1", maxBlock);
  const area = Math.min(count, maxBlock);
  const smallest = variant === "official" ? smallestBlock(grid, { area, minBlock, minAspect, maxAspect }) : noBlock;
  if (smallest === undefined) {
    const expected = `options that can place a block on a ${grid.rows}x${grid.cols} grid`;
    const got = `count ${count}, minBlock ${minBlock}, maxBlock ${maxBlock}, aspect ${minAspect} to ${maxAspect}`;
    const advice = `a block must be smaller than the grid in both directions: lower minBlock, or use variant "exact"`;
    throw new MaskOptionError(`[${caller}] expected ${expected}, got ${got}; ${advice}`, undefined, expected, got);
  }
  return { ...shape, variant, target: count, maxBlock, smallest };
}

const noBlock: Grid = { rows: 0, cols: 0 };

type BlockLimits = {
  readonly area: number;
  readonly minBlock: number;
  readonly minAspect: number;
  readonly maxAspect: number;
};

/**
 * The block of fewest patches that the official generator can place first, or undefined. A block of h x w comes from
 * real sides (H, W) in the square of width one around (h, w), with H * W between the bounds of the area and H / W
 * between those of the aspect. On logarithmic axes those are two rectangles, one turned by 45 degrees; they meet
 * exactly if their shadows meet on all four axes: H, W, H * W and H / W.
 */
export function smallestBlock(grid: Grid, { area, minBlock, minAspect, maxAspect }: BlockLimits): Grid | undefined {
  const low = Math.min(minBlock, area);
  const high = Math.max(minBlock, area);
  let best: Grid | undefined;
  let limit = Math.floor(area);
  for (let h = 1; h < grid.rows && h <= limit; h++) {
    for (let w = 1; w < grid.cols && h * w <= limit; w++) {
      const reachable =
        meets(h - 0.5, h + 0.5, Math.sqrt(low * minAspect), Math.sqrt(high * maxAspect)) &&
        meets(w - 0.5, w + 0.5, Math.sqrt(low / maxAspect), Math.sqrt(high / minAspect)) &&
        meets((h - 0.5) * (w - 0.5), (h + 0.5) * (w + 0.5), low, high) &&
        meets((h - 0.5) / (w + 0.5), (h + 0.5) / (w - 0.5), minAspect, maxAspect);
      if (!reachable) continue;
      best = { rows: h, cols: w };
      limit = h * w - 1;
    }
  }
  return best;
}

function meets(low: number, high: number, otherLow: number, otherHigh: number): boolean {
  return low <= otherHigh && otherLow <= high;
}

function optionError(caller: string, option: string, expected: string, got: number | string): MaskOptionError {
  return new MaskOptionError(`[${caller}] expected ${option} to be ${expected}, got ${got}`, option, expected, got);
}
