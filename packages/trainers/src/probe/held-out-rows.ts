// The part that strengths of weight decay and rates are chosen on: what is measured on chooses nothing.
import { splitPerClass, type Dataset } from "../data/index.ts";
import { labelsOnly, takeRows, type FeatureTable } from "./feature-table.ts";

const heldOutShare = 0.2;

/** A fifth of every class's images, drawn by the seed, and the others; undefined where every class has one image. */
export function heldOutImages(
  images: Dataset,
  seed: number,
): { readonly train: Dataset; readonly heldOut: Dataset } | undefined {
  const labels = new Set(Array.from({ length: images.length }, (_, index) => images.label(index)));
  if (labels.size === images.length) return undefined;
  const { train, validation: heldOut } = splitPerClass(images, { share: heldOutShare, seed });
  return { train, heldOut };
}

/** The same of a table's rows. */
export function heldOutRows(
  table: FeatureTable,
  seed: number,
): { readonly train: FeatureTable; readonly heldOut: FeatureTable } | undefined {
  const parts = heldOutImages({ ...labelsOnly(table), name: String }, seed);
  const rowsOf = ({ length, name }: Dataset) => Array.from({ length }, (_, i) => Number(name(i)));
  return parts && { train: takeRows(table, rowsOf(parts.train)), heldOut: takeRows(table, rowsOf(parts.heldOut)) };
}
