// Tables as comma-separated values. (RFC 4180: fields with commas, quotes or line breaks are quoted, quotes doubled)

export type Cell = string | number | null;

/** Rows of a table, the first with the names of the columns. `null` is an empty cell. */
export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}

function cell(value: Cell): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
