// The masks of blockwise.ts and uniform.ts, many at a time, from WebAssembly (assembly/): equal to them draw by draw,
// at many times their speed. A mask is what the TypeScript function makes with the rng of the same address; where there is
// no WebAssembly SIMD, that function makes it.
import { addressTable, addressWords, type BatchAddress } from "./batch-addresses.ts";
import { drawWithTypescript, emptyBatch, emptyBlockwiseBatch, markComplete } from "./batch.ts";
import type { BlockwiseBatch, BlockwiseRequest, Draw, MaskBatch, UniformRequest } from "./batch.ts";
import { planBlocks } from "./block-plan.ts";
import type { BlockwiseOptions } from "./block-plan.ts";
import type { Kernels } from "./generated/mask-kernels.ts";
import { masksWasm } from "./generated/masks.ts";
import { checkCount, checkGrid, maxGridSide } from "./grid.ts";
import type { Grid } from "./grid.ts";
import type { UniformOptions } from "./uniform.ts";

export type { BatchAddress } from "./batch-addresses.ts";
export type { BlockwiseBatch, MaskBatch } from "./batch.ts";

/** Makes masks in bulk. Calls run to the end one after another; results are copies and stay valid. */
export interface MaskGenerator {
  /** What draws them: "typescript" where WebAssembly SIMD is missing, or may not be compiled. The masks are the same. */
  readonly implementation: "wasm" | "typescript";
  /** The masks of `blockwiseMask`. Throws a RangeError for the same grids and options, or an address out of range. */
  blockwise(grid: Grid, options: BlockwiseOptions, address: BatchAddress): BlockwiseBatch;
  /** The masks of `uniformMask`. Throws a RangeError for the same grids and options, or an address out of range. */
  uniform(grid: Grid, options: UniformOptions, address: BatchAddress): MaskBatch;
}

/**
 * Compiles the generator, 4 kB of WebAssembly with 2 MiB of memory. Works in Node and browsers.
 *
 * @example
 * const generator = await createMaskGenerator();
 * generator.blockwise({ rows: 14, cols: 14 }, { count: 75 }, { seed: 7, masks: 256 }).cells.length === 256 * 196
 */
export async function createMaskGenerator(): Promise<MaskGenerator> {
  const draw = (await compile()) ?? drawWithTypescript;
  return {
    implementation: draw === drawWithTypescript ? "typescript" : "wasm",
    blockwise(grid, options, address) {
      const plan = planBlocks("MaskGenerator.blockwise", grid, options);
      const addresses = addressTable("MaskGenerator.blockwise", address);
      return draw.blockwise({ grid, options, plan, addresses });
    },
    uniform(grid, options, address) {
      checkGrid("MaskGenerator.uniform", grid);
      checkCount("MaskGenerator.uniform", options.count, grid);
      return draw.uniform({ grid, options, addresses: addressTable("MaskGenerator.uniform", address) });
    },
  };
}

async function compile(): Promise<Draw | undefined> {
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { instance } = await WebAssembly.instantiate(decode(masksWasm), { env: { memory } });
    const kernels = instance.exports as Kernels;
    return {
      blockwise: (request) => blockwiseBatch(kernels, memory, request),
      uniform: (request) => uniformBatch(kernels, memory, request),
    };
  } catch {
    // Old browsers lack SIMD, some hosts compile nothing at run time.
    return undefined;
  }
}

function blockwiseBatch(kernels: Kernels, memory: WasmMemory, request: BlockwiseRequest): BlockwiseBatch {
  const { grid, plan, addresses } = request;
  const { variant, target, minBlock, maxBlock, logAspect, logAspectSpan, smallest } = plan;
  const { rows, cols } = grid;
  const size = rows * cols;
  const batch = emptyBlockwiseBatch(grid, addresses);
  const part = Math.floor((pages * pageBytes - heap - spareBytes) / (size + addressBytes + recordBytes));
  for (let first = 0; first < batch.masks; first += part) {
    const length = Math.min(part, batch.masks - first);
    const records = writeAddresses(memory, addresses, first, length);
    const cells = records + length * recordBytes;
    const shape = [target, minBlock, maxBlock, logAspect, logAspectSpan, smallest.rows, smallest.cols] as const;
    const pointers = [cells, records, heap, board, scratch, ring, aspects] as const;
    kernels.blockwise(...pointers, variantCodes[variant], rows, cols, ...shape, length);
    batch.cells.set(new Uint8Array(memory.buffer, cells, length * size), first * size);
    const drawn = new Int32Array(memory.buffer, records, length * 3);
    for (let i = 0; i < length; i++) {
      batch.counts[first + i] = drawn[i * 3];
      batch.blocks[first + i] = drawn[i * 3 + 1];
      batch.attempts[first + i] = drawn[i * 3 + 2];
    }
  }
  return markComplete(batch, plan);
}

function uniformBatch(kernels: Kernels, memory: WasmMemory, request: UniformRequest): MaskBatch {
  const { grid, options, addresses } = request;
  const size = grid.rows * grid.cols;
  const batch = emptyBatch(grid, addresses);
  const part = Math.floor((pages * pageBytes - heap) / (size + addressBytes));
  for (let first = 0; first < batch.masks; first += part) {
    const length = Math.min(part, batch.masks - first);
    const cells = writeAddresses(memory, addresses, first, length);
    kernels.uniform(cells, heap, scratch, ring, size, options.count, length);
    batch.cells.set(new Uint8Array(memory.buffer, cells, length * size), first * size);
  }
  batch.counts.fill(options.count);
  return batch;
}

// Layout of the memory: random numbers made ahead and their aspects, the board of a growing mask, the scratch of a shuffle,
// then addresses, records and cells.
const pageBytes = 65536;
const pages = 32;
const addressBytes = 4 * addressWords;
const recordBytes = 12;
const spareBytes = 16;
const ring = 0;
const aspects = ring + 8 * 32;
const board = aspects + 8 * 16;
const scratch = board + 8 * maxGridSide;
const heap = scratch + 2 * maxGridSide * maxGridSide;
const variantCodes = { official: 0, exact: 1, paper: 2 } as const;

/** Puts the addresses of a part on the heap; returns the place behind them. */
function writeAddresses({ buffer }: WasmMemory, addresses: Uint32Array, first: number, length: number): number {
  const words = addresses.subarray(first * addressWords, (first + length) * addressWords);
  new Uint32Array(buffer, heap, words.length).set(words);
  return heap + length * addressBytes;
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
