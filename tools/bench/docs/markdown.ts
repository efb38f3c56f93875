// Tables of Markdown, and the parts of a page that are generated: between <!-- name --> and <!-- /name -->.
import type { Row } from "../report.ts";

export type TableColumn = {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Numbers stand at the right. */
  readonly numeric?: boolean;
};

export function table(columns: readonly TableColumn[], rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ numeric = true }) => (numeric ? "--:" : "---"))),
    ...rows.map((row) => line(columns.map(({ cell }) => cell(row)))),
  ].join("\n");
}

/** A column with the value of a key, rounded to so many digits after the point. */
export function column(title: string, key: string, digits?: number): TableColumn {
  return { title, cell: (row) => write(row[key], digits), numeric: digits !== undefined };
}

export function write(value: Row[string] | undefined, digits?: number): string {
  if (value === null || value === undefined) return "-";
  if (typeof value === "number" && digits !== undefined) return value.toFixed(digits);
  return String(value);
}

/**
 * The page with new contents in its parts.
 *
 * @throws if the page lacks a part
 */
export function fill(page: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [name, contents]) => {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(open), text.indexOf(close)];
    if (from < 0 || to < from) throw new Error(`[fill] expected a part ${open} ... ${close} in the page`);
    return `${text.slice(0, from + open.length)}\n\n${contents}\n\n${text.slice(to)}`;
  }, page);
}
