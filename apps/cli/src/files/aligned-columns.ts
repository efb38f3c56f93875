// Tables for people: the first column to the left, numbers to the right.

/** Lines of rows whose cells stand below one another; the first row has the headings. */
export function alignedColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const padded = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  return rows.map((row) => `  ${row.map(padded).join("  ")}`.trimEnd());
}
