// Official tensors to our layout and back: PyTorch keeps filters [out, in, k, k], we [out, k, k, in].
import { fromFloat32, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import type { OfficialLayout } from "./names.ts";

// Axes of our layout in terms of the official one, and back. Tables stored as filters drop their two 1-sized axes first.
const fromOfficialAxes: Record<OfficialLayout, readonly number[]> = {
  filter: [0, 2, 3, 1],
  "transposed-filter": [0, 2, 3, 1],
  table: [0, 1],
  "filter-as-table": [1, 0],
  vector: [0],
};
const toOfficialAxes: Record<OfficialLayout, readonly number[]> = {
  filter: [0, 3, 1, 2],
  "transposed-filter": [0, 3, 1, 2],
  table: [0, 1],
  "filter-as-table": [1, 0],
  vector: [0],
};

/** Values of an official tensor in our layout. A tensor of another rank keeps its shape, for its user to complain about. */
export function fromOfficialLayout(values: Float32Array, shape: readonly number[], layout: OfficialLayout): SafeTensor {
  return permute(values, layout === "filter-as-table" ? shape.slice(0, 2) : shape, fromOfficialAxes[layout]);
}

/** Values of one of our tensors in the official layout. */
export function toOfficialLayout(values: Float32Array, shape: readonly number[], layout: OfficialLayout): SafeTensor {
  return permute(values, shape, toOfficialAxes[layout], layout === "filter-as-table" ? [1, 1] : []);
}

/** The shape that a tensor of ours has in the official layout. */
export function officialShape(shape: readonly number[], layout: OfficialLayout): readonly number[] {
  const permuted = toOfficialAxes[layout].map((axis) => shape[axis]);
  return layout === "filter-as-table" ? [...permuted, 1, 1] : permuted;
}

// A permutation of axes; a tensor of another rank is passed on unchanged, for `fillTree` to complain about by name.
function permute(
  values: Float32Array,
  shape: readonly number[],
  axes: readonly number[],
  more: readonly number[] = [],
): SafeTensor {
  if (shape.length !== axes.length) return fromFloat32(values, shape);
  const target = axes.map((axis) => shape[axis]);
  // Only axes of one move (1x1 filters, half of the parameters): nothing does.
  const moving = axes.filter((axis) => shape[axis] > 1);
  if (moving.every((axis, i) => i === 0 || axis > moving[i - 1])) return fromFloat32(values, [...target, ...more]);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const out = new Float32Array(values.length);
  const position = new Array<number>(axes.length).fill(0);
  for (let i = 0; i < out.length; i++) {
    let from = 0;
    for (let axis = 0; axis < axes.length; axis++) from += position[axis] * strides[axes[axis]];
    out[i] = values[from];
    for (let axis = axes.length - 1; axis >= 0 && ++position[axis] === target[axis]; axis--) position[axis] = 0;
  }
  return fromFloat32(out, [...target, ...more]);
}
