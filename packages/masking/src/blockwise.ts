// Blockwise masking of BEiT (Bao et al. 2021, section 2.3 and Algorithm 1), after unilm's beit/masking_generator.py and
// beit2/masking_generator.py. assembly/blockwise.ts draws the same masks, word by word: change both or neither.
import type { Rng } from "@beitjs/tensor-core/random";
import { exponential, roundToEven } from "./arithmetic.ts";
import { planBlocks } from "./block-plan.ts";
import type { BlockPlan, BlockwiseOptions } from "./block-plan.ts";
import type { Grid, Mask } from "./grid.ts";
import { maskUniformly } from "./uniform.ts";

export type BlockwiseMask = Mask & {
  /** Blocks that masked at least one new patch. */
  readonly blocks: number;
  /** Blocks drawn, rejected ones included. */
  readonly attempts: number;
  /** Whether the count, or the ratio of "paper", was reached: "official" misses it in a third of BEiT's own masks. */
  readonly complete: boolean;
};

/** A rectangle of patches: its first row and column, and its sides. */
export type Block = { readonly top: number; readonly left: number; readonly height: number; readonly width: number };

type Draft = {
  readonly cells: Uint8Array;
  readonly onBlock: ((block: Block) => void) | undefined;
  count: number;
  blocks: number;
  attempts: number;
};

const attemptsPerBlock = 10;
const restarts = 100;

/**
 * A mask made of rectangles, for grids from 1x1 to 64x64. It is never empty.
 *
 * - "official" (default): areas U(minBlock, what is left), the bounds in either order; aspects log-uniform; a block is
 *   smaller than the grid in both directions and adds at most what is left. Ten failures in a row end the mask, so it
 *   may hold fewer than `count` patches. A mask that would be empty is drawn anew, which leaves the distribution of
 *   the others as it is; after 100 times the smallest possible block is placed first. One-row and one-column grids
 *   have no such block: an error.
 * - "exact": as BEiT v2, the mask of "official" filled up to `count` with patches drawn uniformly; any grid, any count.
 * - "paper": Algorithm 1 to the letter, until more than `ratio` is masked; aspects log-uniform, sides cut to the grid.
 *
 * Throws a RangeError for options out of range or that can never place a block ("official" only).
 *
 * @param onBlock called with every block as it is placed, for pictures; patches that "exact" fills up belong to none
 *
 * @example blockwiseMask({ rows: 14, cols: 14 }, { count: 75 }, createRng(7)).count <= 75
 */
export function blockwiseMask(
  grid: Grid,
  options: BlockwiseOptions,
  rng: Rng,
  onBlock?: (block: Block) => void,
): BlockwiseMask {
  const plan = planBlocks("blockwiseMask", grid, options);
  const draft: Draft = { cells: new Uint8Array(grid.rows * grid.cols), onBlock, count: 0, blocks: 0, attempts: 0 };
  if (plan.variant === "paper") growPastRatio(draft, plan, rng);
  else growBlocks(draft, plan, rng);
  if (plan.variant === "official" && draft.count === 0) growAgain(draft, plan, rng);
  if (plan.variant === "exact") {
    maskUniformly(draft.cells, plan.target - draft.count, rng);
    draft.count = plan.target;
  }
  const { cells, count, blocks, attempts } = draft;
  return { grid, cells, count, blocks, attempts, complete: count >= plan.target };
}

function growBlocks(draft: Draft, plan: BlockPlan, rng: Rng): void {
  while (draft.count < plan.target) {
    const added = tryBlock(draft, plan, Math.min(plan.target - draft.count, plan.maxBlock), rng);
    if (added === 0) return;
    draft.count += added;
    draft.blocks++;
  }
}

// Cells masked by the first acceptable block, 0 after ten failures.
function tryBlock(draft: Draft, plan: BlockPlan, budget: number, rng: Rng): number {
  for (let attempt = 0; attempt < attemptsPerBlock; attempt++) {
    const { height, width } = drawSides(draft, plan, budget, rng);
    if (width >= plan.cols || height >= plan.rows) continue;
    const top = rng.integer(plan.rows - height + 1);
    const left = rng.integer(plan.cols - width + 1);
    const added = countFree(draft.cells, plan, { top, left, height, width });
    if (added === 0 || added > budget) continue;
    fill(draft, plan, { top, left, height, width });
    return added;
  }
  return 0;
}

function growAgain(draft: Draft, plan: BlockPlan, rng: Rng): void {
  for (let restart = 0; restart < restarts && draft.count === 0; restart++) growBlocks(draft, plan, rng);
  if (draft.count > 0) return;
  const { rows: height, cols: width } = plan.smallest;
  const top = rng.integer(plan.rows - height + 1);
  const left = rng.integer(plan.cols - width + 1);
  fill(draft, plan, { top, left, height, width });
  draft.count = height * width;
  draft.blocks = 1;
  draft.attempts++;
  growBlocks(draft, plan, rng);
}

function growPastRatio(draft: Draft, plan: BlockPlan, rng: Rng): void {
  while (draft.count <= plan.target) {
    const sides = drawSides(draft, plan, plan.target - draft.count, rng);
    const height = Math.min(Math.max(sides.height, 1), plan.rows);
    const width = Math.min(Math.max(sides.width, 1), plan.cols);
    const top = rng.integer(plan.rows - height + 1);
    const left = rng.integer(plan.cols - width + 1);
    const added = countFree(draft.cells, plan, { top, left, height, width });
    fill(draft, plan, { top, left, height, width });
    draft.count += added;
    if (added > 0) draft.blocks++;
  }
}

// The bounds of the area may be reversed: near the end less is left than minBlock, and the original draws between the two.
function drawSides(draft: Draft, plan: BlockPlan, budget: number, rng: Rng): { height: number; width: number } {
  draft.attempts++;
  const area = plan.minBlock + (budget - plan.minBlock) * rng.uniform();
  const aspect = exponential(plan.logAspect + plan.logAspectSpan * rng.uniform());
  return { height: roundToEven(Math.sqrt(area * aspect)), width: roundToEven(Math.sqrt(area / aspect)) };
}

function countFree(cells: Uint8Array, { cols }: Grid, { top, left, height, width }: Block): number {
  let free = 0;
  for (let row = top; row < top + height; row++) {
    for (let cell = row * cols + left; cell < row * cols + left + width; cell++) free += 1 - cells[cell];
  }
  return free;
}

function fill({ cells, onBlock }: Draft, { cols }: Grid, block: Block): void {
  const { top, left, height, width } = block;
  for (let row = top; row < top + height; row++) cells.fill(1, row * cols + left, row * cols + left + width);
  onBlock?.(block);
}
