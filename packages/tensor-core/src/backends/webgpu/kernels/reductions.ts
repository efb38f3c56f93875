// Sums over a whole tensor or over the rows of a matrix, in two steps with a fixed number of partial sums: no result depends
// on the device.
import type { Gpu, Place } from "../context.ts";
import { INVOCATIONS } from "../dispatch.ts";
import type { Program } from "../pipelines.ts";

const MOST_PARTIALS = 512;

/** Partial sums that `size` elements give. */
export function partialsOf(size: number): number {
  return Math.max(1, Math.min(MOST_PARTIALS, Math.ceil(size / INVOCATIONS)));
}

/** to[0] = factor * the sum of `partials` */
export function addPartials(gpu: Gpu, partials: Place, count: number, to: Place, factor: number): void {
  const dispatch = { reads: [partials], writes: [to], sizes: [count], numbers: [factor] };
  gpu.groups({ shader: "total" }, 1, dispatch);
}

export type SumOfTerms = {
  readonly reads: readonly (Place | undefined)[];
  /** Elements that the shader sees. */
  readonly size: number;
  /** What its parameters have after the size. */
  readonly sizes?: readonly number[];
  readonly numbers?: readonly number[];
  /** One element: factor * the sum. */
  readonly to: Place;
  readonly factor: number;
};

/** The sum of the terms of a shader made with include/partial-sums.wgsl. */
export function sumAll(gpu: Gpu, program: Program, { reads, size, sizes = [], numbers, to, factor }: SumOfTerms): void {
  const count = partialsOf(size);
  const partials = gpu.scratch(count);
  gpu.groups(program, count, { reads, writes: [partials], sizes: [size, ...sizes], ...(numbers && { numbers }) });
  addPartials(gpu, partials, count, to, factor);
}

export type SumOverRows = {
  readonly reads: readonly (Place | undefined)[];
  readonly rows: number;
  readonly width: number;
  /** What the shader's parameters have after rows, width and chunk. */
  readonly sizes?: readonly number[];
  readonly numbers?: readonly number[];
  /** [width] */
  readonly to: Place;
};

// Columns of a workgroup, and the fewest rows worth one of their own; the first as in include/column-sums.wgsl.
const COLUMNS = 32;
const FEWEST_ROWS = 64;

/** The sums over rows of the terms of a shader made with include/column-sums.wgsl. */
export function sumColumns(gpu: Gpu, program: Program, sum: SumOverRows): void {
  const { reads, rows, width, sizes = [], numbers, to } = sum;
  const tiles = Math.ceil(width / COLUMNS);
  const chunks = Math.max(1, Math.min(Math.ceil(rows / FEWEST_ROWS), Math.ceil(MOST_PARTIALS / tiles)));
  const chunk = Math.max(1, Math.ceil(rows / chunks));
  const used = Math.max(1, Math.ceil(rows / chunk));
  const partials = used > 1 ? gpu.scratch(used * width) : to;
  const dispatch = { reads, writes: [partials], sizes: [rows, width, chunk, ...sizes], ...(numbers && { numbers }) };
  gpu.groups(program, tiles * used, dispatch);
  if (used > 1) sumRows(gpu, partials, used, width, to);
}

/** to = the sums over the rows of a matrix [rows, width], by one workgroup for 32 columns. */
function sumRows(gpu: Gpu, matrix: Place, rows: number, width: number, to: Place): void {
  const dispatch = { reads: [matrix], writes: [to], sizes: [rows, width, rows] };
  gpu.groups({ shader: "row-sums" }, Math.ceil(width / COLUMNS), dispatch);
}

/** to = the sums over the rows of a matrix [rows, width]; nothing where `to` is not wanted. */
export function addRows(gpu: Gpu, matrix: Place, rows: number, width: number, to: Place | undefined): void {
  if (to) sumColumns(gpu, { shader: "row-sums" }, { reads: [matrix], rows, width, to });
}
