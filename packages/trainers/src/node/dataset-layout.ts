// Says what lies at a path by the names in it: IDX files, CIFAR's binary files, a list of images, or a folder of images and its splits.
import { promises as files, type Dirent } from "node:fs";
import { join } from "node:path";
import type { CifarKind } from "../data/cifar.ts";
import { fileErrorReason } from "./image-error.ts";
import type { ListColumns } from "./image-list.ts";
import { isLitter, isSystemFolder } from "./list-images.ts";
import { findLists, readLists, type ListedImages } from "./listed-layout.ts";
import { splitNames, splitsAmong, type DatasetSplit } from "../data/split-names.ts";

export type DatasetKind = "idx" | CifarKind | "list" | "folder";

/** What lies at a path: its kind and, for each split there is, the files (or the one folder) that hold or list it. */
export type DatasetLayout = {
  readonly kind: DatasetKind;
  readonly splits: Readonly<Partial<Record<DatasetSplit, readonly string[]>>>;
  /** Folders beside those of splits that are called like none; `openDataset` refuses them. */
  readonly others: readonly string[];
  /** What the lists say, of a list. */
  readonly listed?: ListedImages;
};

export type LayoutOptions = {
  /** Sub-folders are classes, also those that are called like a split; no list beside them is read. */
  readonly classesAreFolders?: boolean;
  /** Whether lists are read; false takes a folder as if it had none. */
  readonly lists?: boolean;
  /** Which columns of a list say what, where they are not called as usual. */
  readonly columns?: ListColumns | undefined;
};

type Splits = Partial<Record<DatasetSplit, readonly string[]>>;

const idxImages = /^(.*)(train|t10k|test)-images([-.])idx3-ubyte(\.gz)?$/;

/**
 * Looks at the names in a folder, and reads lists.
 * @throws Error when it cannot be read, several data sets lie in it, two folders are called like the same split, or a list has a
 * row that is none.
 */
export async function datasetLayout(path: string, options: LayoutOptions = {}): Promise<DatasetLayout> {
  const lists = options.classesAreFolders || options.lists === false ? [] : await findLists(path);
  if (lists.length > 0) return listLayout(path, lists, options);
  const entries = await files.readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw new Error(`[openDataset] expected a folder at ${path}: ${fileErrorReason(error)}`, { cause: error });
  });
  const names = entries.map(({ name }) => name).sort();
  return idxLayout(path, names) ?? cifarLayout(path, names) ?? folderLayout(path, entries, options);
}

async function listLayout(path: string, lists: readonly string[], { columns }: LayoutOptions): Promise<DatasetLayout> {
  const listed = await readLists(path, lists, columns);
  const there = splitNames.filter((split) => listed.rows.some((row) => row.split === split));
  const filesOf = (split: DatasetSplit) => [
    ...new Set(listed.rows.filter((row) => row.split === split).map(({ list }) => list.file)),
  ];
  const splits = Object.fromEntries(there.map((split) => [split, filesOf(split)]));
  return { kind: "list", splits, others: [], listed };
}

function idxLayout(path: string, names: readonly string[]): DatasetLayout | undefined {
  const splits: Splits = {};
  for (const name of names) {
    const match = idxImages.exec(name);
    if (!match) continue;
    const split = match[2] === "train" ? "train" : "test";
    const other = splits[split]?.[0];
    if (other !== undefined && name !== `${other}.gz`) {
      throw new Error(`[openDataset] expected one IDX ${split} file in ${path}, got ${other} and ${name}`);
    }
    splits[split] ??= [name]; // sorted, so a plain file comes before its .gz
  }
  return Object.keys(splits).length > 0 ? { kind: "idx", splits, others: [] } : undefined;
}

function cifarLayout(path: string, names: readonly string[]): DatasetLayout | undefined {
  const train10 = names.filter((name) => /^data_batch_\d+\.bin$/.test(name));
  const has = (name: string) => names.includes(name);
  const ten = train10.length > 0 || has("test_batch.bin");
  const hundred = has("train.bin") || has("test.bin");
  if (ten && hundred) throw new Error(`[openDataset] expected CIFAR-10 or CIFAR-100 in ${path}, got files of both`);
  if (!ten && !hundred) return undefined;
  const train = ten ? train10 : ["train.bin"].filter(has);
  const test = [ten ? "test_batch.bin" : "test.bin"].filter(has);
  const splits = { ...(train.length > 0 && { train }), ...(test.length > 0 && { test }) };
  return { kind: ten ? "cifar10" : "cifar100", splits, others: [] };
}

async function folderLayout(
  path: string,
  entries: readonly Dirent[],
  { classesAreFolders = false }: LayoutOptions,
): Promise<DatasetLayout> {
  const whole = { kind: "folder", splits: { train: [path] }, others: [] } as const;
  if (classesAreFolders) return whole;
  const folders: string[] = [];
  for (const entry of entries)
    if (!isLitter(entry.name) && !isSystemFolder(entry.name) && (await isFolder(path, entry))) folders.push(entry.name);
  const found = splitsAmong(folders.sort());
  if (found.size === 0) return whole;
  const splits: Splits = {};
  for (const [name, split] of found) {
    const other = splits[split]?.[0];
    if (other !== undefined) {
      throw new Error(
        `[openDataset] expected one folder of the ${split} split in ${path}, got ${other} and ${join(path, name)}; ` +
          "open one of them by its own path, or say that they are classes (classesAreFolders, --classes-are-folders)",
      );
    }
    splits[split] = [join(path, name)];
  }
  return { kind: "folder", splits: inOrder(splits), others: folders.filter((name) => !found.has(name)) };
}

function inOrder({ train, val, test }: Splits): Splits {
  return { ...(train && { train }), ...(val && { val }), ...(test && { test }) };
}

async function isFolder(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return files.stat(join(path, entry.name)).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
