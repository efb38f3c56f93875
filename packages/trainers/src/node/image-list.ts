// Lists of images with their labels: CSV and TSV files of one row an image, and the metadata files that Hugging Face's `imagefolder`
// keeps beside images. What is doubtful is refused by file, line and value: a run would learn from it in silence.
import { promises as files } from "node:fs";
import { basename, isAbsolute, win32 } from "node:path";
import { parse } from "csv-parse/sync";
import { fileErrorReason } from "./image-error.ts";
import { splitOf, type DatasetSplit } from "../data/split-names.ts";

/** One row: an image, the labels as they are written, and the split where a column says it. */
export type ListedRow = {
  /** Below the list's folder, "/" between its parts. */
  readonly path: string;
  readonly labels?: readonly string[];
  readonly split?: DatasetSplit;
  readonly line: number;
};

export type ImageList = {
  readonly file: string;
  readonly rows: readonly ListedRow[];
  /** What the rows say of labels: nothing, one each, or any number each. */
  readonly labels: "none" | "one" | "several";
  /** Columns that nobody reads. */
  readonly unread: readonly string[];
};

/** Which column says what; a column that is not named here is not read. */
export type ListColumns = Readonly<Partial<Record<ListField, string>>>;
export type ListField = (typeof listFields)[number];
export const listFields = ["file", "label", "labels", "split"] as const;

/** The names that a folder of Hugging Face's has for its list, in the order in which they are looked for. */
export const metadataNames = ["metadata.jsonl", "metadata.csv"] as const;

// What columns are called where nobody says it.
const usual: Readonly<Record<ListField, readonly string[]>> = {
  file: ["file", "path", "image", "file_name", "filename"],
  label: ["label"],
  labels: ["labels"],
  split: ["split"],
};
const mostBytes = 2 ** 28;

/** Whether a path is a list by its name. */
export function isListName(path: string): boolean {
  return /\.([ct]sv|jsonl)$/i.test(path);
}

/**
 * Reads a list. The columns of a CSV or TSV file are all of a known name, unless `columns` says which are; those of a metadata file
 * may be any.
 * @throws Error with file, line and value for what is no row of a list: a path out of its folder, an image twice, a label left empty.
 */
export async function readImageList(file: string, columns?: ListColumns): Promise<ImageList> {
  const text = await readText(file);
  const isMetadata = (metadataNames as readonly string[]).includes(basename(file));
  const records = /\.jsonl$/i.test(file) ? parseJsonLines(file, text) : parseTable(file, text);
  if (records.length === 0) throw new Error(`[openDataset] expected a row for every image in ${file}, got none`);
  const { found, unread } = findColumns(file, namesOf(records), columns, isMetadata);
  const { label, labels, split } = found;
  if (label !== undefined && labels !== undefined) {
    throw listError(file, 1, `expected one column of labels, got ${quoted([label, labels])}`);
  }
  const lines = new Map<string, number>();
  const rows = records.map(({ line, values }): ListedRow => {
    const path = pathOf(file, line, found.file, values[found.file]);
    const before = lines.get(path);
    if (before !== undefined) {
      const several = "; several labels of an image go into one cell of a column labels, with ; between them";
      throw listError(
        file,
        line,
        `expected every image once, got ${JSON.stringify(path)} in line ${before}, too${several}`,
      );
    }
    lines.set(path, line);
    return {
      ...{ path, line },
      ...(label !== undefined && { labels: [labelOf(file, line, label, values[label])] }),
      ...(labels !== undefined && { labels: labelsOf(file, line, labels, values[labels]) }),
      ...(split !== undefined && { split: splitIn(file, line, split, values[split]) }),
    };
  });
  return { file, rows, labels: label !== undefined ? "one" : labels !== undefined ? "several" : "none", unread };
}

/** An error of a line. */
export function listError(file: string, line: number, message: string): Error {
  return new Error(`[openDataset] ${file}, line ${line}: ${message}`);
}

/** Names in quotes, the first ten. */
export function quoted(names: readonly string[]): string {
  const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
  return names.slice(0, 10).map((name) => JSON.stringify(name)).join(", ") + more; // prettier-ignore
}

type Record_ = { readonly line: number; readonly values: Readonly<Record<string, unknown>> };

async function readText(file: string): Promise<string> {
  try {
    const { size } = await files.stat(file);
    if (size > mostBytes) throw new Error(`expected at most ${mostBytes} bytes, got ${size}`);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await files.readFile(file));
    return text.replace(/\r\n?/g, "\n");
  } catch (error) {
    const reason = error instanceof TypeError ? "expected text in UTF-8" : fileErrorReason(error);
    throw new Error(`[openDataset] ${file}: ${reason}`, { cause: error });
  }
}

function parseTable(file: string, text: string): Record_[] {
  const delimiter = /\.tsv$/i.test(file) ? "\t" : ",";
  const options = { delimiter, info: true, relax_column_count: true, skip_empty_lines: true, trim: true } as const;
  let parsed: { readonly record: readonly string[]; readonly info: { readonly lines: number } }[];
  try {
    parsed = parse(text, options) as unknown as typeof parsed;
  } catch (error) {
    throw new Error(`[openDataset] ${file}: ${(error as Error).message}`, { cause: error });
  }
  const [head, ...rows] = parsed;
  if (!head) return [];
  const twice = head.record.find((name, i) => head.record.indexOf(name) < i);
  if (twice !== undefined)
    throw listError(file, head.info.lines, `expected every column once, got ${quoted([twice])} twice`);
  return rows.map(({ record, info: { lines } }) => {
    if (record.length !== head.record.length) {
      const got = `${record.length}: ${quoted(record)}`;
      throw listError(
        file,
        lines,
        `expected ${head.record.length} values, as the first line names columns, got ${got}`,
      );
    }
    return { line: lines, values: Object.fromEntries(head.record.map((name, i) => [name, record[i]])) };
  });
}

function parseJsonLines(file: string, text: string): Record_[] {
  return text.split("\n").flatMap((content, i) => {
    if (content.trim() === "") return [];
    let values: unknown;
    try {
      values = JSON.parse(content);
    } catch (error) {
      throw listError(file, i + 1, `expected JSON, got ${(error as Error).message}`);
    }
    if (typeof values !== "object" || values === null || Array.isArray(values)) {
      throw listError(file, i + 1, `expected an object, got ${shown(values)}`);
    }
    return [{ line: i + 1, values: values as Record_["values"] }];
  });
}

function namesOf(records: readonly Record_[]): readonly string[] {
  return [...new Set(records.flatMap(({ values }) => Object.keys(values)))];
}

type Found = { readonly file: string } & ListColumns;

function findColumns(
  list: string,
  names: readonly string[],
  columns: ListColumns | undefined,
  isMetadata: boolean,
): { readonly found: Found; readonly unread: readonly string[] } {
  const found: Partial<Record<ListField, string>> = {};
  for (const field of listFields) {
    const wanted = columns ? [columns[field] ?? (field === "file" ? usual.file : [])].flat() : usual[field];
    const present = wanted.filter((name) => names.includes(name));
    if (present.length > 1) throw listError(list, 1, `expected one column of the ${field}, got ${quoted(present)}`);
    if (columns?.[field] !== undefined && present.length === 0) {
      throw listError(list, 1, `expected the column ${quoted(wanted)} that was asked for, got ${quoted(names)}`);
    }
    if (present.length === 1) found[field] = present[0];
  }
  const { file } = found;
  const way = "say which columns are (columns, --columns file=NAME label=NAME), the others are then not read";
  if (file === undefined) {
    throw listError(
      list,
      1,
      `expected a column of image files, called ${usual.file.join(" or ")}, got ${quoted(names)}; ${isMetadata ? `${way}, or, where classes are folders, that they are (classesAreFolders, --classes-are-folders)` : way}`,
    );
  }
  const unread = names.filter((name) => !Object.values(found).includes(name));
  if (unread.length > 0 && !columns && !isMetadata) {
    const known = Object.values(usual).flat().join(", ");
    throw listError(list, 1, `expected columns of a known name (${known}), got ${quoted(unread)}; ${way}`);
  }
  return { found: { ...found, file }, unread };
}

function pathOf(file: string, line: number, column: string, value: unknown): string {
  if (typeof value !== "string" || value === "") {
    throw listError(file, line, `expected the path of an image as ${column}, got ${shown(value)}`);
  }
  const parts = value.split("/").filter((part) => part !== "" && part !== ".");
  const leaves = isAbsolute(value) || win32.isAbsolute(value) || parts.includes("..") || parts.length === 0;
  if (leaves || value.includes("\0")) {
    throw listError(file, line, `expected a path below the list's own folder as ${column}, got ${shown(value)}`);
  }
  return parts.join("/");
}

function labelOf(file: string, line: number, column: string, value: unknown): string {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return `${value}`;
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  throw listError(file, line, `expected a name or a number from 0 as ${column}, got ${shown(value)}`);
}

// A list in JSON, or names with ; or | between them. No label at all is [], since an empty cell is also what was forgotten.
function labelsOf(file: string, line: number, column: string, value: unknown): readonly string[] {
  let list: unknown = value;
  if (typeof value === "string") {
    const text = value.trim();
    if (text === "") throw listError(file, line, `expected names as ${column}, or [] for an image without any, got ""`);
    list = text.startsWith("[") ? jsonOf(text) : text.split(/[;|]/);
  }
  if (!Array.isArray(list)) {
    throw listError(
      file,
      line,
      `expected names with ; between them, or a list in JSON, as ${column}, got ${shown(value)}`,
    );
  }
  const names = list.map((one) => labelOf(file, line, column, one));
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw listError(file, line, `expected every label of an image once, got ${shown(twice)} twice`);
  return names;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function splitIn(file: string, line: number, column: string, value: unknown): DatasetSplit {
  const split = typeof value === "string" ? splitOf(value) : undefined;
  if (split) return split;
  throw listError(file, line, `expected train, val or test as ${column}, got ${shown(value)}`);
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 200);
}
