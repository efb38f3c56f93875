// Fixed chunks of sums and of lists of tensors: their number depends on sizes only, never on threads.
import type { RangeKernelName } from "../../../generated/kernels.ts";
import type { Tensor } from "../../../tensor.ts";
import type { RangeArguments, Simd } from "../context.ts";

/** Elements per chunk; the same number as in assembly/doubles.ts. */
const CHUNK = 16384;

/** Elementwise work of one range; a multiple of the four lanes. */
export const ELEMENTS = 32768;

function chunkCount(size: number): number {
  return Math.ceil(size / CHUNK);
}

/** Kernels of four arguments and a range. */
type ChunkKernelName = {
  [Name in RangeKernelName]: RangeArguments<Name>["length"] extends 4 ? Name : never;
}[RangeKernelName];

/**
 * Sum of a chunked kernel (`kernel(...args, partials, size, begin, end, thread)` over chunks) times `scale`, stored to `to`.
 */
export function storeChunkedSum(
  simd: Simd,
  kernel: ChunkKernelName,
  args: readonly [number, number],
  size: number,
  scale: number,
  to: Tensor,
): void {
  const chunks = chunkCount(size);
  const partials = simd.scratch(chunks * 8);
  simd.parallel(kernel, chunks, 2, ...args, partials, size);
  simd.call("storeScaledSum", partials, chunks, scale, simd.pointer(to));
}

/** Calls `visit` for every chunk of every tensor, in order; returns their number. */
export function forEachChunk(
  tensors: readonly Tensor[],
  visit: (chunk: number, tensor: number, offset: number, length: number) => void,
): number {
  let chunk = 0;
  tensors.forEach(({ size }, t) => {
    for (let offset = 0; offset < size; offset += CHUNK) visit(chunk++, t, offset, Math.min(CHUNK, size - offset));
  });
  return chunk;
}

/** How many chunks `forEachChunk` visits. */
export function chunksOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { size }) => sum + chunkCount(size), 0);
}

/** Chunks per range: all of them when the work is too small to share. */
export function chunkGrain(tensors: readonly Tensor[], chunks: number): number {
  const elements = tensors.reduce((sum, { size }) => sum + size, 0);
  return elements <= 2 * CHUNK ? Math.max(1, chunks) : 1;
}
