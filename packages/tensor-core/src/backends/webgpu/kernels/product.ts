// Matrix products: how the shader finds the values of its factors, and over how many workgroups it spreads.
import type { Gpu, Place } from "../context.ts";
import type { ShaderConstants } from "../expand-shader.ts";
import type { WebgpuProducts } from "../options.ts";
import type { Program } from "../pipelines.ts";
import { addRows } from "./reductions.ts";

/** A factor: where it is, how far its rows (left) or columns (right), or else values of k, are apart. */
export type Factor = {
  readonly values: Place;
  /** Values of one row (column) lie together along k; else those of one k lie together. */
  readonly byK: boolean;
  readonly stride: number;
  readonly offset?: number;
};

export type Product = {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly left: Factor;
  readonly right: Factor;
  /** [columns] */
  readonly bias?: Place | undefined;
  /** What becomes of sums, with a bias, before they are stored. */
  readonly then?: Epilogue | undefined;
  /** Of f32 factors, whatever the backend's precision. */
  readonly exact?: boolean;
  /** [rows, columns]; nothing is done where it is not wanted. */
  readonly to: Place | undefined;
};

/** The GELU, or a residual connection: x + sum * scale[column] * keep[row / perSample]. */
export type Epilogue = {
  /** [rows, columns], where the sums themselves are wanted, too. */
  readonly before: Place | undefined;
  readonly residual?: {
    readonly x: Place;
    readonly scale: Place | undefined;
    readonly keep: Place | undefined;
    readonly perSample: number;
  };
};

/** to[row][column] = sum over k of left(row, k) right(k, column) + bias[column] */
export function multiply(
  gpu: Gpu,
  { rows, columns, depth, left, right, bias, then, exact = false, to }: Product,
): void {
  if (!to) return;
  const perSample = then?.residual?.perSample ?? 1;
  const leftByFour = isByFour(left, left.byK ? depth : rows);
  const rightByFour = isByFour(right, right.byK ? depth : columns);
  const leftHalves = leftByFour ? gpu.halvesOf(left.values) : undefined;
  const rightHalves = rightByFour ? gpu.halvesOf(right.values) : undefined;
  spread(gpu, { rows, columns, depth, exact }, { to, bias, then }, (variant, chunk, target) => ({
    program: {
      shader: "product",
      constants: {
        ...variant,
        LEFT_BY_K: left.byK,
        RIGHT_BY_K: right.byK,
        LEFT_BY_FOUR: leftByFour,
        RIGHT_BY_FOUR: rightByFour,
        ...(leftHalves && { LEFT_HALF: true }),
        ...(rightHalves && { RIGHT_HALF: true }),
      },
    },
    reads: [leftHalves ?? left.values, rightHalves ?? right.values],
    writes: [target],
    sizes: [rows, columns, depth, chunk, left.stride, right.stride, right.offset ?? 0, perSample],
  }));
}

function isByFour({ stride, offset = 0 }: Factor, length: number): boolean {
  return stride % 4 === 0 && offset % 4 === 0 && length % 4 === 0;
}

export type ProductSize = {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly exact?: boolean;
};

type ProductDispatch = {
  readonly program: Program;
  readonly reads: readonly Place[];
  readonly writes: readonly Place[];
  readonly sizes: readonly number[];
};

/** What a workgroup makes of the result, and how the shader is told (include/product.wgsl). */
type Tiling = { readonly rows: number; readonly columns: number; readonly constants: ShaderConstants };
type Tilings = { readonly large: Tiling; readonly small: Tiling };

const inRegisters = (HALF: boolean): Tilings => ({
  large: { rows: 128, columns: 128, constants: { SIDE: 16, QUADS: 2, QUADS2: true, HALF } },
  small: { rows: 32, columns: 32, constants: { SIDE: 8, QUADS: 1, HALF } },
});
/** @internal */
export const tilings: Readonly<Record<WebgpuProducts, Tilings>> = {
  float32: inRegisters(false),
  half: inRegisters(true),
  matrix: {
    large: { rows: 128, columns: 128, constants: { MATRIX: true, COLUMN_MATRICES: 4 } },
    small: { rows: 128, columns: 32, constants: { MATRIX: true, COLUMN_MATRICES: 1 } },
  },
};
/** Large tiles from so many workgroups on: enough to fill a large device. */
const FEWEST_LARGE = 64;
/** Workgroups that a product along a long k is split into, and the least k for each. */
const WANTED_GROUPS = 264;
const FEWEST_DEPTH = 256;

/** Where a product goes: [rows, columns] */
export type Destination = Pick<Product, "bias" | "then"> & { readonly to: Place };

/**
 * Tiles of a product over workgroups. Where the result is small and k long (gradients of weights), k is split: each split
 * writes a result of its own, and these are added.
 */
export function spread(
  gpu: Gpu,
  { rows, columns, depth, exact = false }: ProductSize,
  { to, bias, then }: Destination,
  dispatchOf: (variant: ShaderConstants, chunk: number, target: Place) => ProductDispatch,
): void {
  const tilesOf = (tile: Tiling): number => Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns);
  const splitsOf = (tile: Tiling): number =>
    bias || then
      ? 1
      : Math.max(1, Math.min(Math.floor(WANTED_GROUPS / tilesOf(tile)), Math.floor(depth / FEWEST_DEPTH)));
  const { large, small } = tilings[exact ? "float32" : gpu.products];
  const tile = tilesOf(large) * splitsOf(large) >= FEWEST_LARGE ? large : small;
  const chunk = Math.max(16, Math.ceil(depth / splitsOf(tile) / 16) * 16);
  const splits = Math.max(1, Math.ceil(depth / chunk));
  const byFour = columns % 4 === 0;
  const halves = byFour && splits === 1 ? gpu.halvesOf(to) : undefined;
  const beforeHalves = byFour ? gpu.halvesOf(then?.before) : undefined;
  const target = splits > 1 ? gpu.scratch(splits * rows * columns) : (halves ?? to);
  const residual = then?.residual;
  const ends = [...(bias ? [bias] : []), ...(residual ? [residual.scale, residual.keep, residual.x] : [])];
  const afterBias = bias ? 3 : 2;
  const variant = {
    ...tile.constants,
    BIAS: bias !== undefined,
    ...(then && { GELU: !residual, BEFORE: then.before !== undefined }),
    ...(residual && { RESIDUAL: afterBias, SCALE: !!residual.scale, KEEP: !!residual.keep }),
    RESULT: residual ? afterBias + 3 : afterBias,
    RESULT_BY_FOUR: byFour,
    ...(halves && { RESULT_HALF: true }),
    ...(beforeHalves && { BEFORE_HALF: true }),
  };
  const { program, reads, writes, sizes } = dispatchOf(variant, chunk, target);
  const grid = [Math.ceil(columns / tile.columns), Math.ceil(rows / tile.rows), splits] as const;
  gpu.grid(program, grid, {
    reads: [...reads, ...ends],
    writes: [...writes, ...(then?.before ? [beforeHalves ?? then.before] : [])],
    sizes,
  });
  if (splits > 1) addRows(gpu, target, splits, rows * columns, to);
}
