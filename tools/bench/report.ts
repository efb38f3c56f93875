// What a suite hands over: rows with the same keys, and how to show them. Printed as a table, or as one JSON document.
import type { Machine } from "./machine.ts";

export type Cell = string | number | null;
export type Row = Readonly<Record<string, Cell | readonly Cell[]>>;

export type Column = {
  readonly key: string;
  readonly title: string;
  /** Digits after the point; integers and words without. */
  readonly digits?: number;
};

/** A contestant that did not run, and how to get it. */
export type Skipped = { readonly name: string; readonly reason: string };

export type SuiteResult = {
  readonly settings: object;
  readonly rows: readonly Row[];
  /** Shown columns; the JSON has all keys. */
  readonly columns: readonly Column[];
  /** By kind, then baseline, then contestant: how many times the baseline's. */
  readonly ratios: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>>;
  readonly skipped: readonly Skipped[];
  /** Why the figures must not be believed; empty if they may. */
  readonly problems: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
};

export type Report = SuiteResult & {
  readonly suite: string;
  readonly date: string;
  readonly rounds: number;
  readonly machine: Machine;
};

/** The report as one JSON document; columns are left out. */
export function formatJson({
  suite,
  date,
  machine,
  versions,
  settings,
  rounds,
  rows,
  ratios,
  ...rest
}: Report): string {
  const { skipped, problems } = rest;
  const document = { suite, date, machine, versions, settings, rounds, rows, ratios, skipped, problems };
  return JSON.stringify(document, undefined, 2);
}

/** The report for people. */
export function formatTable(report: Report): string {
  const { suite, date, machine, versions, rounds, columns, rows } = report;
  const engines = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const lines = columns.map(({ title }) => title);
  const body = rows.map((row) => columns.map((column) => formatCell(row[column.key], column)));
  const widths = lines.map((title, i) => Math.max(title.length, ...body.map((cells) => cells[i].length)));
  const numeric = columns.map(({ key }) => rows.some((row) => typeof row[key] === "number"));
  const pad = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join("  ")
      .trimEnd();
  return [
    `${suite}, ${rounds} round${rounds === 1 ? "" : "s"}, ${date}`,
    `${machine.cpu}, ${machine.processors} processors, ${machine.memoryGiB} GiB, ${machine.platform}, load ${machine.load}`,
    engines.join(", "),
    "",
    pad(lines),
    ...body.map(pad),
    "",
    ...ratioLines(report),
    ...report.skipped.map(({ name, reason }) => `skipped ${name}: ${reason}`),
    ...report.problems.map((problem) => `PROBLEM: ${problem}`),
  ]
    .join("\n")
    .trimEnd();
}

function ratioLines({ ratios }: Report): string[] {
  return Object.entries(ratios).flatMap(([kind, baselines]) =>
    Object.entries(baselines).map(([baseline, others]) => {
      const parts = Object.entries(others).map(([name, ratio]) => `${name} ${ratio}`);
      return `${kind}, times ${baseline}: ${parts.join(", ")}`;
    }),
  );
}

function formatCell(value: Row[string] | undefined, { digits }: Column): string {
  if (value === null || value === undefined) return "-";
  if (typeof value === "number" && digits !== undefined) return value.toFixed(digits);
  return String(value);
}
