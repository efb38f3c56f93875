// Tables as comma-separated values. (RFC 4180: fields with commas, quotes or line breaks are quoted, quotes doubled)

export type Cell = string | number | null;

// What spreadsheets take for a formula: a class may be called "=HYPERLINK(…)". The wide forms are taken for it, too.
const formula = /^[=+\-@\t\r＝＋－＠]/;
const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Rows of a table, the first with the names of the columns. `null` is an empty cell. Text that a spreadsheet would compute begins
 * with a single quote, which spreadsheets do not show; numbers stay numbers.
 */
export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}

function cell(value: Cell): string {
  if (typeof value === "number") return String(value);
  const given = value ?? "";
  const text = formula.test(given) && !number.test(given) ? `'${given}` : given;
  return /[",\r\n\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
