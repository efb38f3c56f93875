// What is told of a classifier of several labels an image.
import type { MultiLabelScores } from "@beitjs/trainers";
import { printable } from "../program/printable.ts";
import { formatShare } from "./expectations.ts";
import type { Figures } from "./stages.ts";

// More do not fit a screen.
const mostLines = 20;

/** Mean average precision over classes and over all pairs, how often a yes or no is right, and the classes one by one. */
export function multiLabelFigures(scores: MultiLabelScores & { readonly classes: readonly string[] }): Figures {
  const { classes, classAveragePrecision, meanAveragePrecision, microAveragePrecision, accuracy, loss } = scores;
  const rows = classes.map((name, label) => [name, classAveragePrecision[label]] as const);
  const known = rows.filter((row): row is readonly [string, number] => row[1] !== null).sort((a, b) => a[1] - b[1]);
  const absent = classes.length - known.length;
  const without = absent > 0 ? `, without ${absent} that no image has` : "";
  const shown = known.slice(0, mostLines);
  return {
    values: scores,
    lines: [
      `mAP ${formatShare(meanAveragePrecision)} (mean over ${known.length} classes${without})`,
      `micro ${formatShare(microAveragePrecision)}`,
      `accuracy ${formatShare(accuracy)} of images and classes (above 0.5: yes)`,
    ],
    details: [
      `loss ${loss.toFixed(4)}`,
      shown.length < known.length ? `the ${shown.length} classes of lowest average precision:` : "average precision:",
      ...shown.map(([name, precision]) => `  ${printable(name)}  ${formatShare(precision)}`),
    ],
    table: [["class", "averagePrecision"], ...rows],
  };
}
