// What a run will take of memory, found by two steps of its own code on a backend that counts and computes nothing: exact where the
// backend's own bookkeeping decides. And what would take less.
import { disposeTree, leaves, type Backend, type MemoryUsage, type Tensor } from "@beitjs/tensor-core";
import type { Beit } from "@beitjs/beit-encoder";
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import { adamWDefaults } from "../optimizer/adamw.ts";
import type { Recipe } from "../recipes/recipe.ts";
import { initTrainingState, update, type UpdateOptions } from "../update.ts";
import { evaluationBatch } from "../validation.ts";
import { dryCopy, dryStage, type DryPiece } from "./dry-stage.ts";

export type MemoryOptions = {
  /** Where the run is to train. */
  readonly backend: Backend;
  /** Of fine-tuning. */
  readonly classes?: number;
  readonly recompute?: boolean;
  /** Whether the run evaluates held-out images. */
  readonly evaluates?: boolean;
  /** The tokenizer of pre-training, if it lives on the same backend. */
  readonly tokenizer?: TokenizerEncoder | undefined;
  /** The model that fine-tuning starts from, if it lives on the same backend. */
  readonly from?: Beit | undefined;
};

/** A way to take less. */
export type SmallerRun = { readonly microBatches: number; readonly recompute: boolean; readonly usage: MemoryUsage };

/** Bounds of what there is, in bytes. */
export type MemoryBounds = { readonly bytes?: number | undefined; readonly tensorBytes?: number | undefined };

/** More pieces of a batch are all alike. */
const PIECES = 2;
const STEPS = 2;

/**
 * Memory of the backend that a run takes at most, its parameters, optimizer, batches and all that is kept for the gradient; what Node or the
 * page holds beside it is not in it. Undefined for backends that leave memory to another library.
 */
export async function estimateMemory(recipe: Recipe, options: MemoryOptions): Promise<MemoryUsage | undefined> {
  const backend = options.backend.dryRun?.();
  if (!backend) return undefined;
  const { classes = 1, recompute = false, evaluates = false } = options;
  const here = (tree: unknown) => leaves<Tensor>(tree)[0]?.[1].backend === options.backend;
  if (options.from && here(options.from.params)) dryCopy(options.from.params, backend);
  const given = options.tokenizer && here(options.tokenizer.params) ? options.tokenizer : undefined;
  const tokenizer = given && { ...given, params: dryCopy(given.params, backend) };
  const { params, piece, evaluate } = dryStage(recipe, { backend, classes, recompute, tokenizer });
  const state = initTrainingState(params, { average: recipe.ema !== undefined });
  const { batchSize, microBatches } = recipe;
  let pieces = await piecesOf(piece, batchSize, microBatches);
  const at = constantOptions(recipe, params);
  for (let step = 0; step < STEPS; step++) {
    const differentiated = pieces.slice(0, PIECES);
    const share = 1 / differentiated.length;
    await update(
      state,
      differentiated.map(({ objective }) => ({ share, objective })),
      at,
    );
    if (evaluates) evaluate(evaluationBatch(recipe));
    // The next ones are made while the caller has the report.
    const next = await piecesOf(piece, batchSize, microBatches);
    disposeTree(pieces.map(({ tensors }) => tensors));
    pieces = next;
  }
  return backend.usage();
}

/** Whether memory suffices for a run, with what lies unused between its tensors. */
export function fits(
  { reserved, largest }: MemoryUsage,
  { bytes = Infinity, tensorBytes = Infinity }: MemoryBounds,
): boolean {
  return reserved <= bytes && largest <= tensorBytes;
}

/**
 * What makes a run fit: recomputing alone, and the fewest micro-batches, with and without it; what does not fit either way is left out.
 */
export async function smallerRuns(
  recipe: Recipe,
  options: MemoryOptions,
  bounds: MemoryBounds,
): Promise<readonly SmallerRun[]> {
  const { batchSize, microBatches } = recipe;
  const { recompute = false } = options;
  const isEncoder = recipe.stage === "pretrain" || recipe.stage === "fine-tune";
  const found: SmallerRun[] = [];
  for (const recomputes of isEncoder && !recompute ? [false, true] : [recompute]) {
    for (let count = microBatches; count <= batchSize; count++) {
      if (batchSize % count !== 0 || (count === microBatches && recomputes === recompute)) continue;
      const usage = await estimateMemory({ ...recipe, microBatches: count }, { ...options, recompute: recomputes });
      if (!usage || !fits(usage, bounds)) continue;
      found.push({ microBatches: count, recompute: recomputes, usage });
      break;
    }
  }
  return found;
}

async function piecesOf(
  piece: (images: number) => Promise<DryPiece>,
  batchSize: number,
  count: number,
): Promise<readonly DryPiece[]> {
  const pieces: DryPiece[] = [];
  for (let i = 0; i < count; i++) pieces.push(await piece(batchSize / count));
  return pieces;
}

// Which rates there are takes no memory.
function constantOptions({ ema }: Recipe, params: unknown): UpdateOptions {
  const ones = leaves(params).map(() => 1);
  return { learningRate: 0, adamW: adamWDefaults, rateScales: ones, decayScales: ones, ema };
}
