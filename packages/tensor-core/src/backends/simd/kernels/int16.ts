// Affine maps by products of 16-bit integers: weights are packed once, rows of x are scaled at every call.
import { sizeOf, type Tensor } from "../../../tensor.ts";
import { grainFor, type Simd } from "../context.ts";

/** Addresses: rows as whole numbers, their scales, their norms. */
type Quantized = { readonly values: number; readonly scales: number; readonly norms: number };

export type Int16Product = {
  /** [M, K] */
  readonly x: number;
  readonly M: number;
  readonly weight: Tensor;
  /** Address of [N], or 0. */
  readonly bias: number;
  /** Address of [M, N]. */
  readonly y: number;
};

const PANEL = 8;

/** y = x weightᵀ + bias, off by about a thousandth of the largest products. Returns what errors are bounded by. */
export function linearInt16(
  simd: Simd,
  { x, M, weight, bias, y }: Int16Product,
): { readonly rows: Quantized; readonly columns: Quantized } {
  const [N, K] = weight.shape;
  const pitch = pitchOf(K);
  const columns = packedWeight(simd, weight);
  const rows = {
    values: simd.scratch(2 * M * pitch),
    scales: simd.scratch(4 * M),
    norms: simd.scratch(4 * M),
  };
  simd.parallel("quantizeRows", M, grainFor(K), x, rows.values, rows.scales, rows.norms, K, pitch);
  const panels = Math.ceil(N / PANEL);
  const factors = [rows.values, rows.scales, columns.values, columns.scales, bias];
  const tiles = simd.scratch(128 * simd.threads);
  // A panel's products do not depend on the others, so ranges may be as short as balance asks for.
  const grain = Math.max(1, Math.ceil(panels / (8 * simd.threads)));
  simd.parallel("linearInt16", panels, grain, ...factors, y, M, N, pitch, tiles);
  return { rows, columns };
}

// Panels, then scales, then norms, in one piece of memory.
function packedWeight(simd: Simd, weight: Tensor): Quantized {
  const [N, K] = weight.shape;
  const pitch = pitchOf(K);
  const panels = Math.ceil(N / PANEL);
  const columns = panels * PANEL;
  const bytes = { values: 2 * columns * pitch, each: 4 * columns };
  const at = (address: number): Quantized => ({
    values: address,
    scales: address + bytes.values,
    norms: address + bytes.values + bytes.each,
  });
  const address = simd.prepared(weight, "int16", bytes.values + 2 * bytes.each, (made) => {
    const { values, scales, norms } = at(made);
    const row = simd.scratch(2 * pitch * simd.threads);
    const grain = grainFor(PANEL * K, { work: 262144 });
    simd.parallel("packInt16", panels, grain, simd.pointer(weight), values, scales, norms, N, K, pitch, row);
  });
  return at(address);
}

/** Values of a row as stored: whole vectors. */
function pitchOf(K: number): number {
  return Math.ceil(K / 8) * 8;
}

/** Rows of x. */
export function rowsOf(x: Tensor): number {
  return sizeOf(x.shape.slice(0, -1));
}
