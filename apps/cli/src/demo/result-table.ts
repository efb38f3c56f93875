// The table a demo ends with on the terminal: pre-trained against from scratch.
import { percent, points } from "../report/format-number.ts";
import type { DemoSummary } from "./summary.ts";

/** Lines of the table, without a line break at the end. */
export function resultTable({ fineTune, yardsticks }: Pick<DemoSummary, "fineTune" | "yardsticks">): string {
  const { pretrained, scratch, difference, labelsPerClass, testImages } = fineTune;
  const several = pretrained.seeds.length > 1;
  const rows = [
    ["", "pre-trained", "from scratch", "difference"],
    ...(several
      ? pretrained.seeds.map(({ seed, accuracy }, i) => [
          `seed ${seed}`,
          percent(accuracy),
          percent(scratch.seeds[i].accuracy),
          points(difference.seeds[i]),
        ])
      : []),
    [
      several ? "mean" : "accuracy",
      percent(pretrained.accuracy),
      percent(scratch.accuracy),
      points(difference.accuracy),
    ],
    ...(several ? [["deviation", percent(pretrained.standardDeviation), percent(scratch.standardDeviation), ""]] : []),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join("   ")
      .trimEnd();
  const title = `Test accuracy on ${testImages.toLocaleString("en-US")} images, ${labelsPerClass} labels a class`;
  const longest = Math.max(...yardsticks.map(({ name }) => name.length));
  const beside = yardsticks.map(({ name, accuracy }) => `  ${name.padEnd(longest)}   ${percent(accuracy).padStart(7)}`);
  return [
    title,
    "",
    ...rows.map((row) => `  ${line(row)}`),
    "",
    "The same labels, simpler classifiers:",
    ...beside,
  ].join("\n");
}
