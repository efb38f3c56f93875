// The figures of a study of few labels: of every way and number of labels the mean over draws and its spread, as a table of words.
import { formatFigure } from "./figure.ts";
import { meanAndSpread } from "@beitjs/trainers";
import type { Cell as CsvCell } from "../files/csv.ts";
import type { ScoredCell } from "./label-cells.ts";
import { ways, type LabelCount, type Way } from "./label-plan.ts";

export type LabelFigure = {
  readonly labels: LabelCount;
  /** Images that were learned from, of all classes. */
  readonly images: number;
  /** Mean over draws, as a share of the test images. */
  readonly accuracy: number;
  /** Standard deviation over draws; null of one draw. */
  readonly spread: number | null;
  readonly accuracies: readonly number[];
};

export type WayFigures = { readonly way: Way; readonly figures: readonly LabelFigure[] };

export const wayTitles: Readonly<Record<Way, string>> = {
  pretrained: "fine-tuned, pre-trained",
  scratch: "same network from scratch",
  probe: "linear probe",
  neighbors: "nearest neighbors",
  random: "probe of a random network",
  pixels: "ridge on pixels",
};

/** Rows of the table: ways, with a figure for every number of labels. */
export function summarizeCells(
  cells: readonly ScoredCell[],
  { counts, classes, images }: { readonly counts: readonly LabelCount[]; classes: number; images: number },
): readonly WayFigures[] {
  return ways.map((way) => ({
    way,
    figures: counts.map((labels) => {
      const own = cells.filter((cell) => cell.way === way && cell.labels === labels);
      const accuracies = own.map(({ accuracy }) => accuracy);
      const { mean, spread } = meanAndSpread(accuracies);
      const learnedFrom = labels === "all" ? images : labels * classes;
      return { labels, images: learnedFrom, accuracy: mean, spread: own.length > 1 ? spread : null, accuracies };
    }),
  }));
}

/** Cells of the table, the first row and column with their names. */
export function tableCells(rows: readonly WayFigures[]): readonly (readonly string[])[] {
  const gain = rows[0].figures.map(({ accuracy }, i) => {
    const points = (100 * (accuracy - rows[1].figures[i].accuracy)).toFixed(1);
    return Number(points) > 0 ? `+${points}` : points;
  });
  return [
    ["labels a class", ...rows[0].figures.map(({ labels }) => String(labels))],
    ...rows.map(({ way, figures }) => [
      wayTitles[way],
      ...figures.map(({ accuracy, spread }) => formatFigure({ mean: accuracy, spread })),
    ]),
    ["pre-trained minus scratch", ...gain],
  ];
}

/** The table, line by line. */
export function tableLines(rows: readonly WayFigures[]): readonly string[] {
  const cells = tableCells(rows);
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const padded = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]);
  return cells.map((row) => `  ${row.map(padded).join("  ")}`.trimEnd());
}

/** Every measurement for a file of comma-separated values. */
export function csvCells(cells: readonly ScoredCell[]): readonly (readonly CsvCell[])[] {
  const rows = cells.map(({ way, labels, draw, accuracy, steps, seconds }) => [
    ...[way, labels, draw, accuracy, steps ?? null, Math.round(seconds)],
  ]);
  return [["way", "labels", "draw", "accuracy", "steps", "seconds"], ...rows];
}
