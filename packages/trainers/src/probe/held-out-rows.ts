// The part of a table that strengths of weight decay are chosen on: rows to measure on choose nothing.
import { splitPerClass } from "../data/index.ts";
import { labelsOnly, takeRows, type FeatureTable } from "./feature-table.ts";

const heldOutShare = 0.2;

/** A fifth of every class's rows, drawn by the seed, and the others; undefined where every class has one row. */
export function heldOutRows(
  table: FeatureTable,
  seed: number,
): { readonly train: FeatureTable; readonly heldOut: FeatureTable } | undefined {
  const { length } = table.labels;
  if (new Set(table.labels).size === length) return undefined;
  const rows = { ...labelsOnly(table), name: String };
  const { train, validation } = splitPerClass(rows, { share: heldOutShare, seed });
  const indices = ({ length: count, name }: typeof train) => Array.from({ length: count }, (_, i) => Number(name(i)));
  return { train: takeRows(table, indices(train)), heldOut: takeRows(table, indices(validation)) };
}
