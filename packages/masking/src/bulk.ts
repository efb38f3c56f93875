// The masks of blockwise.ts and uniform.ts, many at a time, from WebAssembly (assembly/): equal to them draw by draw,
// at many times their speed. Mask i of a batch is what the TypeScript function makes with the rng of index + i.
import type { RngAddress } from "@beitjs/tensor-core/random";
import { planBlocks } from "./block-plan.ts";
import type { BlockwiseOptions } from "./block-plan.ts";
import type { BlockwiseMask } from "./blockwise.ts";
import type { Kernels } from "./generated/mask-kernels.ts";
import { masksWasm } from "./generated/masks.ts";
import { checkCount, checkGrid, maxGridSide } from "./grid.ts";
import type { Grid, Mask } from "./grid.ts";
import type { UniformOptions } from "./uniform.ts";

/** Address of the first mask's random stream, as for `createRng`, and how many masks follow each other by index. */
export type BatchAddress = RngAddress & { readonly masks: number };

export type MaskBatch = {
  readonly grid: Grid;
  readonly masks: number;
  /** [masks, rows * cols], 1 = masked. */
  readonly cells: Uint8Array;
  /** Masked patches of each mask [masks]. */
  readonly counts: Int32Array;
};

/** A batch with what `BlockwiseMask` tells of each mask, [masks] each. */
export type BlockwiseBatch = MaskBatch & {
  readonly blocks: Int32Array;
  readonly attempts: Int32Array;
  /** 1 = the count, or the ratio of "paper", was reached. */
  readonly complete: Uint8Array;
};

/** Makes masks in bulk. Calls run to the end one after another; results are copies and stay valid. */
export interface MaskGenerator {
  /** The masks of `blockwiseMask`. Throws a RangeError for the same grids and options, or an address out of range. */
  blockwise(grid: Grid, options: BlockwiseOptions, address: BatchAddress): BlockwiseBatch;
  /** The masks of `uniformMask`. Throws a RangeError for the same grids and options, or an address out of range. */
  uniform(grid: Grid, options: UniformOptions, address: BatchAddress): MaskBatch;
}

/**
 * Compiles the generator, 4 kB of WebAssembly with 2 MiB of memory. Works in Node and browsers; rejects without WebAssembly SIMD.
 *
 * @example
 * const generator = await createMaskGenerator();
 * generator.blockwise({ rows: 14, cols: 14 }, { count: 75 }, { seed: 7, masks: 256 }).cells.length === 256 * 196
 */
export async function createMaskGenerator(): Promise<MaskGenerator> {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { instance } = await WebAssembly.instantiate(decode(masksWasm), { env: { memory } });
  const kernels = instance.exports as Kernels;
  return {
    blockwise: (grid, options, address) => blockwiseBatch(kernels, memory, { grid, options, address }),
    uniform: (grid, options, address) => uniformBatch(kernels, memory, { grid, options, address }),
  };
}

/** Mask i of a batch, sharing its cells. Throws a RangeError if there is no such mask. */
export function maskOf(batch: BlockwiseBatch, i: number): BlockwiseMask;
export function maskOf(batch: MaskBatch, i: number): Mask;
export function maskOf(batch: MaskBatch | BlockwiseBatch, i: number): Mask | BlockwiseMask {
  const { grid, masks } = batch;
  if (!Number.isInteger(i) || i < 0 || i >= masks) {
    throw new RangeError(`[maskOf] expected an integer in [0, ${masks - 1}], got ${i}`);
  }
  const size = grid.rows * grid.cols;
  const mask = { grid, cells: batch.cells.subarray(i * size, (i + 1) * size), count: batch.counts[i] };
  if (!("blocks" in batch)) return mask;
  return { ...mask, blocks: batch.blocks[i], attempts: batch.attempts[i], complete: batch.complete[i] === 1 };
}

type Request<Options> = { readonly grid: Grid; readonly options: Options; readonly address: BatchAddress };

function blockwiseBatch(kernels: Kernels, memory: WasmMemory, request: Request<BlockwiseOptions>): BlockwiseBatch {
  const { grid, options, address } = request;
  const plan = planBlocks("MaskGenerator.blockwise", grid, options);
  const { variant, target, minBlock, maxBlock, logAspect, logAspectSpan, smallest } = plan;
  const { rows, cols } = grid;
  const index = checkAddress("MaskGenerator.blockwise", address);
  seed(kernels, address);
  const { masks } = address;
  const size = rows * cols;
  const cells = new Uint8Array(masks * size);
  const [counts, blocks, attempts] = [new Int32Array(masks), new Int32Array(masks), new Int32Array(masks)];
  const part = Math.floor((pages * pageBytes - heap - 16) / (size + recordBytes));
  for (let first = 0; first < masks; first += part) {
    const length = Math.min(part, masks - first);
    const at = heap + length * recordBytes;
    const shape = [target, minBlock, maxBlock, logAspect, logAspectSpan, smallest.rows, smallest.cols] as const;
    const pointers = [at, heap, board, scratch, ring, aspects] as const;
    kernels.blockwise(...pointers, variantCodes[variant], rows, cols, ...shape, index + first, length);
    cells.set(new Uint8Array(memory.buffer, at, length * size), first * size);
    const records = new Int32Array(memory.buffer, heap, length * 3);
    for (let i = 0; i < length; i++) {
      counts[first + i] = records[i * 3];
      blocks[first + i] = records[i * 3 + 1];
      attempts[first + i] = records[i * 3 + 2];
    }
  }
  const complete = new Uint8Array(masks);
  for (let i = 0; i < masks; i++) complete[i] = counts[i] >= target ? 1 : 0;
  return { grid, masks, cells, counts, blocks, attempts, complete };
}

function uniformBatch(kernels: Kernels, memory: WasmMemory, request: Request<UniformOptions>): MaskBatch {
  const { grid, options, address } = request;
  checkGrid("MaskGenerator.uniform", grid);
  checkCount("MaskGenerator.uniform", options.count, grid);
  const index = checkAddress("MaskGenerator.uniform", address);
  seed(kernels, address);
  const { masks } = address;
  const size = grid.rows * grid.cols;
  const cells = new Uint8Array(masks * size);
  const part = Math.floor((pages * pageBytes - heap) / size);
  for (let first = 0; first < masks; first += part) {
    const length = Math.min(part, masks - first);
    kernels.uniform(heap, scratch, size, options.count, index + first, length);
    cells.set(new Uint8Array(memory.buffer, heap, length * size), first * size);
  }
  return { grid, masks, cells, counts: new Int32Array(masks).fill(options.count) };
}

// Layout of the memory: random numbers made ahead and their aspects, the board of a growing mask, the scratch of a shuffle,
// then records and cells.
const pageBytes = 65536;
const pages = 32;
const recordBytes = 12;
const ring = 0;
const aspects = ring + 8 * 32;
const board = aspects + 8 * 16;
const scratch = board + 8 * maxGridSide;
const heap = scratch + 2 * maxGridSide * maxGridSide;
const variantCodes = { official: 0, exact: 1, paper: 2 } as const;

function checkAddress(caller: string, address: BatchAddress): number {
  const { seed: value, stream = 0, epoch = 0, index = 0, masks } = address;
  const check = (name: string, part: number, least: number, most: number) => {
    if (Number.isInteger(part) && part >= least && part <= most) return;
    throw new RangeError(`[${caller}] expected ${name} to be an integer in [${least}, ${most}], got ${part}`);
  };
  check("seed", value, 0, Number.MAX_SAFE_INTEGER);
  for (const [name, part] of Object.entries({ stream, epoch, index })) check(name, part, 0, 0xffffffff);
  check("masks", masks, 1, 2 ** 32 - index);
  return index;
}

function seed(kernels: Kernels, { seed: value, stream = 0, epoch = 0 }: RngAddress): void {
  kernels.seedStream(ring, value >>> 0, Math.floor(value / 2 ** 32), stream, epoch);
}

function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

// Node and browsers have these; the packages compile without the types of either.
declare const atob: (base64: string) => string;
type WasmMemory = { readonly buffer: ArrayBuffer };
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number }) => WasmMemory;
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: object } }>;
};
