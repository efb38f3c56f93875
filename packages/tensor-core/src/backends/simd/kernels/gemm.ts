// The host side of the matrix product: how it is split between threads, and its scratch memory.
import type { Tensor } from "../../../tensor.ts";
import { grainFor, type Simd } from "../context.ts";

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

/** A product whose right factor is in panels; `a`, `c` and `bias` as in `Product`. */
export type PreparedProduct = Omit<Product, "b"> & {
  /** From `preparePanels`, with the same N and K. */
  readonly panels: number;
};

/** How a product is split: ranges of `grain` rows, or columns, of C. */
export type Split = { readonly byColumns: boolean; readonly count: number; readonly grain: number };

// Below this many multiply-adds (about 8 microseconds) a range is not worth waking a thread.
const RANGE_WORK = 2 ** 17;
// Every range packs the other factor again: short ones would spend their time on that.
const SHORTEST_RANGE = 16;
const RANGES_PER_THREAD = 3;
// With both factors in panels a range packs nothing: shorter ones leave threads waiting for one another less.
const PREPARED_RANGES_PER_THREAD = 6;
// Values of C that stay in the second cache while the blocks of the depth are added to them, and so few that it is all one.
const CACHED_RESULTS = 2 ** 16;
const FEW_RESULTS = 2 ** 18;
// Ranges of columns are whole panels, in every build.
const LARGEST_PANEL = 16;

/** C = A B (+ bias), on all threads. */
export function gemm(simd: Simd, { a, b, c, M, N, K, bias = 0 }: Product): void {
  const { byColumns, count, grain } = splitProduct(simd.threads, M, N, K);
  const factors = [a.address, a.row, a.column, b.address, b.row, b.column] as const;
  const mode = bias ? ADD_BIAS : OVERWRITE;
  simd.parallel("gemm", count, grain, ...factors, c, N, M, N, K, mode, bias, gemmScratch(simd), Number(byColumns));
}

/** C = A B (+ bias) on all threads, with B in panels: the bits of `gemm`, without packing B again in every call. */
export function preparedGemm(simd: Simd, { a, panels, c, M, N, K, bias = 0 }: PreparedProduct): void {
  const { byColumns, count, grain: largest } = splitProduct(simd.threads, M, N, K, PREPARED_RANGES_PER_THREAD);
  const grain = M * N <= FEW_RESULTS ? largest : Math.min(largest, cachedRange(byColumns ? M : N));
  const left = byColumns && grain < count ? leftPanels(simd, a, M, K) : 0;
  const at = [a.address, a.row, a.column, left, panels, c, N] as const;
  const mode = bias ? ADD_BIAS : OVERWRITE;
  simd.parallel("gemmPrepared", count, grain, ...at, M, N, K, mode, bias, gemmScratch(simd), Number(byColumns));
}

// Rows (columns) of C, each of `length` values, that stay in the cache together.
function cachedRange(length: number): number {
  return Math.max(SHORTEST_RANGE, Math.floor(CACHED_RESULTS / length / LARGEST_PANEL) * LARGEST_PANEL);
}

// Every range of columns reads all of A: packed once, for all of them.
function leftPanels(simd: Simd, { address, row, column }: Factor, M: number, K: number): number {
  const panels = simd.scratch(Math.ceil(M / 4) * 4 * K * 4);
  simd.parallel("gemmLeftPanels", M, grainFor(K, { multiple: 4 }), address, row, column, panels, M, K);
  return panels;
}

/**
 * Address of the panels of a right factor [K, N] made of a parameter; `factor.address` is the tensor's. They are kept
 * until the tensor is written to or freed: not for tensors that are being trained, and not for passing values.
 */
export function preparePanels(simd: Simd, tensor: Tensor, factor: Factor, N: number, K: number): number {
  const { address, row, column } = factor;
  const form = `panels of [${K}, ${N}] by ${row}, ${column}`;
  return simd.prepared(tensor, form, simd.call("gemmPanelBytes", N, K), (panels) => {
    const grain = LARGEST_PANEL * Math.max(1, Math.ceil(RANGE_WORK / Math.max(1, K) / LARGEST_PANEL));
    simd.parallel("gemmPanels", N, grain, address, row, column, panels, N, K);
  });
}

/**
 * Splits the longer side of C. The depth is never split and every output is summed in one order, so that ranges, unlike
 * those of other kernels, may depend on the number of threads without changing a bit of the result.
 */
export function splitProduct(threads: number, M: number, N: number, K: number, perThread = RANGES_PER_THREAD): Split {
  const byColumns = N > M;
  const count = byColumns ? N : M;
  const ranges = threads === 1 ? 1 : Math.min(threads * perThread, Math.floor((M * N * K) / RANGE_WORK));
  const grain = Math.max(SHORTEST_RANGE, Math.ceil(count / Math.max(1, ranges) / LARGEST_PANEL) * LARGEST_PANEL);
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
