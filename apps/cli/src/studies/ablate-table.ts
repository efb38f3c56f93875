// An ablation in words: what stands in its table, and what it means.
import { formatFigure } from "./figure.ts";
import { measures, type Measure, type RowFigures, type RowSummary } from "./ablate-summary.ts";

export type AblationTexts = {
  readonly labelsPerClass: number;
  readonly seeds: number;
};

/** Headings of the measures. */
export function measureTitles({ labelsPerClass }: AblationTexts): Readonly<Record<Measure, string>> {
  const labels = labelsPerClass === 1 ? "1 label a class" : `${labelsPerClass} labels a class`;
  return { linearProbe: "linear probe", neighbors: "nearest neighbors", fewLabels: labels };
}

/** What the table's figures are, and which of its differences say something. */
export function tableNotes({ seeds }: AblationTexts): readonly string[] {
  const spread =
    seeds > 1
      ? `mean and standard deviation of ${seeds} seeds; a difference to BEiT below two standard errors is nothing, and of few seeds one in ten is above them by chance`
      : "of one seed: no difference here can be told from chance; --seeds 3 can";
  return [
    `accuracy on test images of frozen features, in percent: ${spread}`,
    "paper: accuracy after fine-tuning, and mIoU, of BEiT-base after 300 epochs of ImageNet-1K (Table 4); its pixels were predicted without " +
      "normalizing patches and with 40 % hidden, which is not how pixels do best (--set pixels.normalized=true)",
  ];
}

/** The table, line by line. */
export function ablationLines(rows: readonly RowSummary[], texts: AblationTexts): readonly string[] {
  const titles = measureTitles(texts);
  const cells = [
    ["", ...measures.flatMap((measure) => [titles[measure], "to BEiT"]), "paper: ImageNet", "ADE20K"],
    ...rows.map((row) => [
      row.label,
      ...measures.flatMap((measure) => [formatFigure(row[measure]), formatDifference(row[measure])]),
      ...(row.paper ? [row.paper.imageNet, row.paper.ade20k].map((value) => value.toFixed(2)) : ["", ""]),
    ]),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  return cells.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join("  ")
      .trimEnd(),
  );
}

/** `+1.2`, or `nothing` */
export function formatDifference({ difference }: RowFigures): string {
  if (!difference) return "";
  const { value, standardError, tells } = difference;
  if (standardError !== null && !tells) return "nothing";
  const points = (100 * value).toFixed(1);
  return `${value > 0 ? "+" : ""}${points}${standardError === null ? "?" : ""}`;
}
