// The images of a list as a dataset. Classes are those of all splits together, so that a number means the same in each.
import { promises as files } from "node:fs";
import { dirname, join } from "node:path";
import pLimit from "p-limit";
import { checkIndex, type Dataset } from "../data/dataset.ts";
import { readImage, type DecodeOptions } from "./decode-image.ts";
import { fileErrorReason, imageError, isImageError } from "./image-error.ts";
import { listError, quoted } from "./image-list.ts";
import { displayPath, listImages } from "./list-images.ts";
import type { ListedImages, PlacedRow } from "./listed-layout.ts";
import type { DatasetSplit } from "../data/split-names.ts";

export type ListedOptions = DecodeOptions & {
  readonly split: DatasetSplit;
  /** Keep rows whose file is missing: it is then an image that cannot be read, like others. */
  readonly allowMissing: boolean;
  /** Keep classes without images in the split of training. */
  readonly allowEmptyClasses?: boolean;
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
};

export interface ListedDataset extends Dataset {
  /** Columns of the lists that nobody reads. */
  readonly unread: readonly string[];
  path(index: number): Buffer;
}

/**
 * Opens the images of a split.
 * @throws Error when an image is missing, or a class has none.
 */
export async function listedDataset(listed: ListedImages, options: ListedOptions): Promise<ListedDataset> {
  const { directory, lists, rows: all } = listed;
  const { split, concurrency = 8, signal } = options;
  const rows = all.filter((row) => row.split === split);
  const kind = lists[0].labels;
  const classes = kind === "none" ? undefined : await classesOf(listed);
  const limit = pLimit(concurrency);
  const pathOf = ({ path }: PlacedRow) => join(directory, path);
  if (!options.allowMissing) await requireFiles(rows, pathOf, limit, signal);
  const numbers =
    classes && rows.map((row) => (row.labels as readonly string[]).map((label) => classes.number(label, row)));
  if (classes && split === "train" && !options.allowEmptyClasses)
    refuseEmptyClasses(listed, classes.names, numbers ?? []);
  const unread = [...new Set(lists.flatMap((list) => list.unread))];
  const at = (index: number) => (checkIndex("openDataset", rows, index), rows[index]);
  const labels = (index: number) => (at(index), numbers?.[index] ?? []);
  return {
    length: rows.length,
    ...(classes ? { classes: classes.names } : { unlabeled: unlabeled(listed, unread) }),
    unread,
    get: async (index) => {
      const row = at(index);
      const image = await limit(() => readImage(pathOf(row), options)).catch((error: unknown) => {
        if (!isImageError(error)) throw error;
        throw imageError("openDataset", error.path, `${error.reason} (${row.list.file}, line ${row.line})`, error);
      });
      const marks = kind === "several" ? { labels: labels(index) } : classes && { label: labels(index)[0] };
      return { image, name: row.path, ...marks };
    },
    path: (index) => Buffer.from(pathOf(at(index))),
    label: (index) => (kind === "one" ? labels(index)[0] : (at(index), undefined)),
    ...(kind === "several" && { labels }),
    name: (index) => at(index).path,
  };
}

/** Images in the folder of a list that no row names. */
export async function unlistedImages(
  { directory, rows }: ListedImages,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const named = new Set(rows.map(({ path }) => path));
  const unlisted: string[] = [];
  for await (const { path, kind } of listImages(directory, signal)) {
    if (kind === "image" && !named.has(displayPath(path))) unlisted.push(displayPath(path));
  }
  return unlisted.sort(byBytes);
}

async function requireFiles(
  rows: readonly PlacedRow[],
  pathOf: (row: PlacedRow) => string,
  limit: ReturnType<typeof pLimit>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const reasons = await Promise.all(
    rows.map((row) =>
      limit(async () => {
        signal?.throwIfAborted();
        const reason = await files.stat(pathOf(row)).then(() => undefined, fileErrorReason);
        return reason === undefined ? [] : [{ row, reason }];
      }),
    ),
  );
  const missing = reasons.flat();
  if (missing.length === 0) return;
  const lines = missing
    .slice(0, 10)
    .map(({ row, reason }) => `  ${row.list.file}, line ${row.line}: ${row.path} ${reason}`);
  if (missing.length > 10) lines.push(`  and ${missing.length - 10} more`);
  const summary = `expected the files of ${rows.length} images, got ${missing.length} that are not there`;
  throw new Error(`[openDataset] ${summary}:\n${lines.join("\n")}`);
}

type Classes = { readonly names: readonly string[]; number(label: string, row: PlacedRow): number };

// By `classes.txt` where it is, as names or as numbers into it; else by number where all labels are numbers; else by name.
async function classesOf({ directory, lists, rows }: ListedImages): Promise<Classes> {
  const written = await readClasses([directory, ...lists.map(({ file }) => dirname(file))]);
  const used = new Set(rows.flatMap(({ labels = [] }) => labels));
  const numeric = [...used].every((label) => /^(0|[1-9]\d{0,8})$/.test(label));
  const largest = numeric ? [...used].reduce((most, label) => Math.max(most, Number(label)), -1) : -1;
  const names = written ?? (numeric ? numbersTo(largest, used) : [...used].sort(byBytes));
  const byName = new Map(names.map((name, number) => [name, number]));
  const all = [...used].every((label) => byName.has(label));
  return {
    names,
    number(label, { list, line }) {
      const number = all || !numeric ? byName.get(label) : Number(label);
      if (number !== undefined && number < names.length) return number;
      const expected = numeric ? `a class name or a number below ${names.length}` : "a class";
      throw listError(list.file, line, `expected ${expected} of classes.txt, got ${JSON.stringify(label)}`);
    },
  };
}

// Beyond twice as many as there are, numbers are no numbers of classes but somebody's keys.
function numbersTo(largest: number, used: ReadonlySet<string>): readonly string[] {
  if (largest >= 2 * used.size + 1000) {
    throw new Error(
      `[openDataset] expected labels as names, or as numbers of classes from 0, got ${used.size} numbers up to ${largest}; ` +
        "write the labels, one a line, into classes.txt beside the list to have them taken as names",
    );
  }
  return Array.from({ length: largest + 1 }, (_, number) => `${number}`);
}

async function readClasses(folders: readonly string[]): Promise<readonly string[] | undefined> {
  for (const folder of new Set(folders)) {
    const file = join(folder, "classes.txt");
    const text = await files.readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw new Error(`[openDataset] ${file}: ${fileErrorReason(error)}`, { cause: error });
    });
    const names = text?.split("\n").map((line) => line.trim()).filter((line) => line !== ""); // prettier-ignore
    const twice = names?.find((name, i) => names.indexOf(name) < i);
    if (twice !== undefined)
      throw new Error(`[openDataset] expected every class once in ${file}, got ${JSON.stringify(twice)} twice`);
    if (names) return names;
  }
  return undefined;
}

function refuseEmptyClasses(
  { lists }: ListedImages,
  names: readonly string[],
  numbers: readonly (readonly number[])[],
): void {
  const used = new Set(numbers.flat());
  const empty = names.filter((_, number) => !used.has(number));
  if (empty.length === 0) return;
  const where = lists.map(({ file }) => file).join(", ");
  throw new Error(
    `[openDataset] expected images for training of every class in ${where}, got none of ${quoted(empty)}`,
  );
}

function unlabeled({ lists }: ListedImages, unread: readonly string[]): string {
  const others = unread.length > 0 ? `, only ${quoted(unread)}` : "";
  return `${lists[0].file} has no column label or labels${others}`;
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
