// Where the lists of a data set lie and which image is in which split: a list by its own path, or `metadata.jsonl` (or `.csv`) in a
// folder of images, or in each folder of a split, as Hugging Face's `imagefolder` has them.
import { promises as files } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileErrorReason } from "./image-error.ts";
import { isListName, listError, metadataNames, quoted, readImageList, type ImageList, type ListColumns, type ListedRow } from "./image-list.ts"; // prettier-ignore
import { splitsAmong, type DatasetSplit } from "../data/split-names.ts";

/** A row with its place below the folder that was opened, and the split it belongs to. */
export type PlacedRow = ListedRow & { readonly split: DatasetSplit; readonly list: ImageList };

export type ListedImages = {
  /** What names of images are relative to. */
  readonly directory: string;
  readonly lists: readonly ImageList[];
  readonly rows: readonly PlacedRow[];
};

/** The lists at a path, if it is one or holds some; nothing is read yet. */
export async function findLists(path: string): Promise<readonly string[]> {
  if (isListName(path) && (await isFile(path))) return [path];
  const names = await namesIn(path);
  const own = metadataIn(names);
  const splits = [...splitsAmong(names).keys()];
  const below = await Promise.all(
    splits.map(async (name) => ({ name, list: metadataIn(await namesIn(join(path, name))) })),
  );
  const found = below.filter(({ list }) => list !== undefined);
  if (found.length === 0) return own === undefined ? [] : [join(path, own)];
  const lists = found.map(({ name, list }) => join(path, name, list as string));
  if (own !== undefined) {
    throw new Error(`[openDataset] expected one list of the images in ${path}, got ${own} and ${lists.join(", ")}`);
  }
  const without = below.find(({ list }) => list === undefined);
  if (without) {
    throw new Error(
      `[openDataset] expected ${metadataNames.join(" or ")} in every folder of a split, as ${lists[0]} is there, got none in ` +
        join(path, without.name),
    );
  }
  return lists;
}

/** Reads the lists that `findLists` found. */
export async function readLists(
  path: string,
  found: readonly string[],
  columns: ListColumns | undefined,
): Promise<ListedImages> {
  const lists = await Promise.all(found.map((file) => readImageList(file, columns)));
  const directory = found[0] === path ? dirname(path) : path;
  const rows = lists.flatMap((list) => placed(list, directory));
  const kinds = new Set(lists.map(({ labels }) => labels));
  if (kinds.size > 1) {
    const got = lists.map(({ file, labels }) => `${labels} in ${file}`).join(", ");
    throw new Error(`[openDataset] expected labels of one kind in all lists, got ${got}`);
  }
  return { directory, lists, rows };
}

function placed(list: ImageList, directory: string): readonly PlacedRow[] {
  const folder = dirname(list.file);
  if (folder !== directory) {
    const name = basename(folder);
    const split = splitsAmong([name]).get(name) as DatasetSplit;
    return list.rows.map((row) => ({ ...row, path: `${name}/${row.path}`, split: row.split ?? split, list }));
  }
  if (list.rows.some(({ split }) => split !== undefined)) {
    return list.rows.map((row) => ({ ...row, split: row.split as DatasetSplit, list }));
  }
  // Without a column, the folders of the images may say it; half of them saying so would put test images into training.
  const top = ({ path }: ListedRow) => (path.includes("/") ? path.slice(0, path.indexOf("/")) : "");
  const tops = [...new Set(list.rows.map(top))].sort();
  const splits = splitsAmong(tops);
  const other = splits.size > 0 ? list.rows.find((row) => !splits.has(top(row))) : undefined;
  if (other) {
    throw listError(
      list.file,
      other.line,
      `expected an image of a split, as others lie in ${quoted([...splits.keys()])}, got ${JSON.stringify(other.path)}; ` +
        "add a column split (train, val or test)",
    );
  }
  return list.rows.map((row) => ({ ...row, split: splits.get(top(row)) ?? "train", list }));
}

function metadataIn(names: readonly string[]): string | undefined {
  return metadataNames.find((name) => names.includes(name));
}

async function isFile(path: string): Promise<boolean> {
  return files.stat(path).then((stats) => stats.isFile()).catch(() => false); // prettier-ignore
}

async function namesIn(path: string): Promise<readonly string[]> {
  return files.readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOTDIR") return [];
    throw new Error(`[openDataset] expected a folder at ${path}: ${fileErrorReason(error)}`, { cause: error });
  });
}
