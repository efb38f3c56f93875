// The host side of the matrix product: how it is split between threads, and its scratch memory.
import type { Simd } from "../context.ts";

/** What happens to C, as in assembly/gemm.ts. */
export const OVERWRITE = 0;
export const ADD_BIAS = 2;

/** A strided matrix: value (i, j) is at address + 4 * (i * row + j * column). */
export type Factor = { readonly address: number; readonly row: number; readonly column: number };

export type Product = {
  readonly a: Factor;
  readonly b: Factor;
  /** Address of C, row-major. */
  readonly c: number;
  readonly M: number;
  readonly N: number;
  readonly K: number;
  /** Address of one value per column to add, 0 for none. */
  readonly bias?: number;
};

/** How a product is split: ranges of `grain` rows, or columns, of C. */
export type Split = { readonly byColumns: boolean; readonly count: number; readonly grain: number };

// Below this many multiply-adds (about 8 microseconds) a range is not worth waking a thread.
const RANGE_WORK = 2 ** 17;
// Every range packs the other factor again: short ones would spend their time on that.
const SHORTEST_RANGE = 16;
const RANGES_PER_THREAD = 3;

/** C = A B (+ bias), on all threads. */
export function gemm(simd: Simd, { a, b, c, M, N, K, bias = 0 }: Product): void {
  const { byColumns, count, grain } = splitProduct(simd.threads, M, N, K);
  const factors = [a.address, a.row, a.column, b.address, b.row, b.column];
  const mode = bias ? ADD_BIAS : OVERWRITE;
  simd.parallel("gemm", count, grain, ...factors, c, N, M, N, K, mode, bias, gemmScratch(simd), Number(byColumns));
}

/**
 * Splits the longer side of C. The depth is never split and every output is summed in one order, so that ranges, unlike
 * those of other kernels, may depend on the number of threads without changing a bit of the result.
 */
export function splitProduct(threads: number, M: number, N: number, K: number): Split {
  const byColumns = N > M;
  const count = byColumns ? N : M;
  const ranges = threads === 1 ? 1 : Math.min(threads * RANGES_PER_THREAD, Math.floor((M * N * K) / RANGE_WORK));
  const grain = Math.max(SHORTEST_RANGE, Math.ceil(count / Math.max(1, ranges) / 8) * 8);
  return { byColumns, count, grain };
}

/** Address of packing areas for all threads. */
export function gemmScratch(simd: Simd): number {
  return simd.scratch(simd.call("gemmScratchBytes") * simd.threads);
}

/** sums[j] = sum of column j of values [rows, width]. */
export function columnSums(simd: Simd, values: number, sums: number, rows: number, width: number): void {
  // A cache line of columns is the least a range may own.
  const lines = Math.max(1, Math.ceil(RANGE_WORK / Math.max(1, rows) / 16));
  simd.parallel("columnSums", width, 16 * lines, values, sums, rows, width);
}
