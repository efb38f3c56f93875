// The figures of a probe for people: one line for the model, a table with what it is compared with.
import { alignedColumns } from "../files/aligned-columns.ts";
import type { Cell } from "../files/csv.ts";
import { formatShare } from "../runs/expectations.ts";
import type { ProbeRow } from "./measure.ts";
import { middleBlock } from "./sources.ts";

/**
 * The row that stands for the model: of several blocks the one that the held-out part of the images to learn from liked best, where
 * there is such a part, else the one nearest to three quarters of the depth. Images to measure on choose nothing.
 */
export function chosenRow(rows: readonly ProbeRow[], depth: number): { readonly row: ProbeRow; readonly by: string } {
  const own = rows.filter(({ features }) => features === "model");
  if (own.length === 1) return { row: own[0], by: "asked for" };
  const heldOut = own.map(({ heldOutAccuracy }) => heldOutAccuracy ?? -1);
  if (heldOut.every((accuracy) => accuracy >= 0)) {
    return { row: own[heldOut.indexOf(Math.max(...heldOut))], by: "chosen by the held-out part" };
  }
  const away = own.map(({ block }) => Math.abs((block as number) - middleBlock(depth)));
  return { row: own[away.indexOf(Math.min(...away))], by: "at 3/4 of the depth" };
}

/** `accuracy 48.5 ± 1.2 % (chance: 10 %)` */
function formatAccuracy({ accuracy, spread }: ProbeRow, classes: number): string {
  return `accuracy ${formatSpread({ accuracy, spread })} (chance: ${formatShare(1 / classes)})`;
}

function formatSpread({ accuracy, spread }: Pick<ProbeRow, "accuracy"> & { spread: number | undefined }): string {
  const percent = (share: number) => (100 * share).toFixed(1);
  return spread === undefined ? `${percent(accuracy)} %` : `${percent(accuracy)} ± ${percent(spread)} %`;
}

export type ShownRows = { readonly rows: readonly ProbeRow[]; readonly classes: number; readonly depth: number };

/** The line of the model, and the table where there is more than that line says. */
export function probeLines(name: string, { rows, classes, depth }: ShownRows): readonly string[] {
  const { row, by } = chosenRow(rows, depth);
  const how = by === "asked for" ? "" : `, ${by}`;
  const rate = row.rate === undefined ? "" : `, learning rate ${list(row.rate)}`;
  const line = `${name}: ${formatAccuracy(row, classes)}, block ${row.block} of 0 to ${depth - 1}${how}${rate}`;
  return rows.length === 1 ? [line] : [line, ...alignedColumns(cells(rows))];
}

function cells(rows: readonly ProbeRow[]): readonly (readonly string[])[] {
  const heldOut = rows.some(({ heldOutAccuracy }) => heldOutAccuracy !== undefined);
  const byRate = rows.some(({ rate }) => rate !== undefined);
  const share = (value: number | undefined) => (value === undefined ? "" : `${(100 * value).toFixed(1)} %`);
  return [
    ["features", "block", "width", "accuracy", ...(heldOut ? ["held out"] : []), ...(byRate ? ["rate"] : [])],
    ...rows.map(({ features, block, width, accuracy, spread, heldOutAccuracy, rate }) => [
      ...[features, block === null ? "" : String(block), String(width), formatSpread({ accuracy, spread })],
      ...(heldOut ? [share(heldOutAccuracy)] : []),
      ...(byRate ? [rate === undefined ? "" : String(list(rate))] : []),
    ]),
  ];
}

// Of each draw, where there are several.
function list(value: number | readonly number[] | undefined): Cell {
  if (value === undefined || typeof value === "number") return value ?? null;
  return value.join(" ");
}

/** All rows for a file of comma-separated values. */
export function probeCells(rows: readonly ProbeRow[]): readonly (readonly Cell[])[] {
  const byRate = rows.some(({ rate }) => rate !== undefined);
  return [
    [
      "features",
      "block",
      "width",
      "accuracy",
      "spread",
      "heldOutAccuracy",
      "l2",
      "accuracies",
      ...(byRate ? ["rate"] : []),
    ],
    ...rows.map((row) => [
      ...[row.features, row.block, row.width, row.accuracy, row.spread ?? null, row.heldOutAccuracy ?? null],
      ...[list(row.l2), list(row.accuracies), ...(byRate ? [list(row.rate)] : [])],
    ]),
  ];
}
