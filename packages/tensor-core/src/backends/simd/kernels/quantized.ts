// Affine maps by products of small integers: weights are packed once, rows of x are scaled at every call.
import type { Tensor } from "../../../tensor.ts";
import { grainFor, type Simd } from "../context.ts";

/** Bytes of a value, as in assembly/quantize.ts. */
export const bytesOf = { int16: 2, int8: 1 } as const;
export type IntegerPrecision = keyof typeof bytesOf;

/** Addresses: values of rows as whole numbers, their scales, and one number more of each (norm, offset or sum). */
type Quantized = { readonly values: number; readonly scales: number; readonly more: number };

/** Where the rows of the left factor [M, K] come from. */
export type Rows =
  | { readonly x: number }
  /** The address of a Window (assembly/im2col.ts) over an image. */
  | { readonly image: number; readonly window: number };

export type QuantizedProduct = {
  readonly rows: Rows;
  readonly M: number;
  /** [N, K], or a filter of as many values. */
  readonly weight: Tensor;
  readonly N: number;
  readonly K: number;
  /** Address of [N], or 0. */
  readonly bias: number;
  /** Address of [M, N]. */
  readonly y: number;
};

// Rows are made integers a part at a time, so that they take little memory beside the images.
const ROWS_BYTES = 2 ** 23;
const SHORTEST_PART = 128;
/** Scratch of one thread for the product. */
export const TILE_BYTES = 256;
// Rows of a panel of the left factor.
const ROWS = 4;
// Multiply-adds of about 8 microseconds.
const RANGE_WORK = 2 ** 18;
const RANGES_PER_THREAD = 6;

/** y = rows weightᵀ + bias; each output is off by about a step of its row's and its column's scale, times √K. */
export function multiplyQuantized(simd: Simd, precision: IntegerPrecision, product: QuantizedProduct): void {
  const { M, N, K, y } = product;
  const columns = packedWeight(simd, precision, product);
  const part = Math.max(SHORTEST_PART, Math.floor(ROWS_BYTES / (pitchOf(K) * bytesOf[precision])));
  const rows = reserveRows(simd, precision, Math.min(M, part), K);
  for (let first = 0; first < M; first += part) {
    const count = Math.min(part, M - first);
    quantize(simd, precision, product, rows, { first, count });
    multiply(simd, precision, { ...product, M: count, y: y + 4 * first * N }, rows, columns);
  }
}

/** The same in 16 bits and in one part, with what its errors are bounded by. */
export function multiplyInt16(
  simd: Simd,
  product: QuantizedProduct,
): { readonly rows: Quantized; readonly columns: Quantized } {
  const columns = packedWeight(simd, "int16", product);
  const rows = reserveRows(simd, "int16", product.M, product.K);
  quantize(simd, "int16", product, rows, { first: 0, count: product.M });
  multiply(simd, "int16", product, rows, columns);
  return { rows, columns };
}

function quantize(
  simd: Simd,
  precision: IntegerPrecision,
  { rows, K }: QuantizedProduct,
  { values, scales, more }: Quantized,
  { first, count }: { readonly first: number; readonly count: number },
): void {
  const pitch = pitchOf(K);
  const scratch = simd.scratch((bytesOf[precision] * pitch + 4 * K) * simd.threads);
  const to = [values, scales, more, count, K, pitch, bytesOf[precision], scratch] as const;
  const panels = Math.ceil(count / ROWS);
  const grain = grainFor(2 * ROWS * K);
  if ("x" in rows) simd.parallel("quantizeRows", panels, grain, rows.x + 4 * first * K, ...to);
  else simd.parallel("quantizeWindows", panels, grain, rows.image, rows.window, first, ...to);
}

// A panel's products do not depend on the others, so ranges may be as short as balance asks for.
function multiply(
  simd: Simd,
  precision: IntegerPrecision,
  { M, N, K, bias, y }: QuantizedProduct,
  rows: Quantized,
  columns: Quantized,
): void {
  const panels = Math.ceil(N / simd.panelWidth);
  const least = Math.ceil(RANGE_WORK / Math.max(1, M * K * simd.panelWidth));
  const grain = Math.max(least, Math.ceil(panels / (RANGES_PER_THREAD * simd.threads)));
  const left = [rows.values, rows.scales, rows.more] as const;
  const right = [columns.values, columns.scales, columns.more] as const;
  const sizes = [M, N, pitchOf(K), bytesOf[precision], simd.panelWidth] as const;
  const tiles = simd.scratch(TILE_BYTES * simd.threads);
  simd.parallel("multiplyQuantized", panels, grain, ...left, ...right, bias, y, ...sizes, tiles);
}

function reserveRows(simd: Simd, precision: IntegerPrecision, M: number, K: number): Quantized {
  const rows = Math.ceil(M / ROWS) * ROWS;
  return {
    values: simd.scratch(bytesOf[precision] * rows * pitchOf(K)),
    scales: simd.scratch(4 * rows),
    more: simd.scratch(4 * rows),
  };
}

// Panels, then scales, then the numbers more, in one piece of memory.
function packedWeight(
  simd: Simd,
  precision: IntegerPrecision,
  { weight, N, K }: Pick<QuantizedProduct, "weight" | "N" | "K">,
): Quantized {
  const bytes = bytesOf[precision];
  const pitch = pitchOf(K);
  const panels = Math.ceil(N / simd.panelWidth);
  const columns = panels * simd.panelWidth;
  const [valueBytes, eachBytes] = [bytes * columns * pitch, 4 * columns];
  const at = (address: number): Quantized => ({
    values: address,
    scales: address + valueBytes,
    more: address + valueBytes + eachBytes,
  });
  const address = simd.prepared(weight, precision, valueBytes + 2 * eachBytes, (made) => {
    const { values, scales, more } = at(made);
    const row = simd.scratch(bytes * pitch * simd.threads);
    const grain = grainFor(simd.panelWidth * K, { work: 262144 });
    const sizes = [N, K, pitch, bytes, simd.panelWidth] as const;
    simd.parallel("packRows", panels, grain, simd.pointer(weight), values, scales, more, ...sizes, row);
  });
  return at(address);
}

/** Values of a row as stored: whole vectors, of either precision. */
function pitchOf(K: number): number {
  return Math.ceil(K / 16) * 16;
}
