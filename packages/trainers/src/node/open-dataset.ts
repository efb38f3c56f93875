// Opens whatever lies at a path: IDX files (MNIST and its successors), CIFAR's binary files, or a folder of images.
import { promises as files } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { cifarDataset, classCount, type CifarKind } from "../data/cifar.ts";
import type { Dataset } from "../data/dataset.ts";
import { idxDataset } from "../data/idx.ts";
import { fileErrorReason } from "./image-error.ts";
import { imageFolder, type ImageFolderOptions } from "./image-folder.ts";
import { isLitter } from "./list-images.ts";
import { requireReadable, type ImageProblem } from "./verify-dataset.ts";

export type DatasetSplit = "train" | "test";
export type DatasetKind = "idx" | CifarKind | "folder";

export type OpenDatasetOptions = ImageFolderOptions & {
  readonly split?: DatasetSplit;
  /** Read every image of a folder first and stop at bad ones (default); `skipBad` sets them aside instead. */
  readonly verify?: boolean;
  /** Which of CIFAR-100's labels. */
  readonly labels?: "fine" | "coarse";
};

export interface OpenedDataset extends Dataset {
  readonly kind: DatasetKind;
  /** Images set aside by `skipBad`. */
  readonly skipped: readonly ImageProblem[];
  /** The file that holds an image and nothing else; only folders have such. */
  path?(index: number): Buffer;
}

/** What lies at a path: its kind and, for each split there is, the files (or the one folder) that hold it. */
export type DatasetLayout = {
  readonly kind: DatasetKind;
  readonly splits: Readonly<Partial<Record<DatasetSplit, readonly string[]>>>;
};

const unzip = promisify(gunzip);
const MAX_UNZIPPED = 2 ** 30;
const idxImages = /^(.*)(train|t10k|test)-images([-.])idx3-ubyte(\.gz)?$/;
const splitFolders: Readonly<Record<string, DatasetSplit>> = {
  train: "train",
  test: "test",
  val: "test",
  validation: "test",
};

/**
 * Looks at the names in a folder.
 * @throws Error when it cannot be read, or several data sets lie in it.
 */
export async function datasetLayout(path: string): Promise<DatasetLayout> {
  const entries = await files.readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw new Error(`[openDataset] expected a folder at ${path}: ${fileErrorReason(error)}`, { cause: error });
  });
  const names = entries.map(({ name }) => name).sort();
  return idxLayout(path, names) ?? cifarLayout(path, names) ?? folderLayout(path, entries);
}

/**
 * Opens a dataset: IDX pairs such as `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, plain or .gz, labels optional;
 * `data_batch_*.bin` and `test_batch.bin`; `train.bin` and `test.bin`; or images, with or without `train` and `val`/`test` folders.
 * Class names are read from `classes.txt`, or CIFAR's own lists, where they are.
 * @throws Error or RangeError when the split is not there, a file is malformed, or (unless told otherwise) an image is bad.
 */
export async function openDataset(path: string, options: OpenDatasetOptions = {}): Promise<OpenedDataset> {
  const { split = "train" } = options;
  const { kind, splits } = await datasetLayout(path);
  const parts = splits[split];
  if (!parts) {
    const got = Object.keys(splits).join(", ");
    throw new Error(`[openDataset] expected a ${split} split in ${path} (${kind}), got only ${got}`);
  }
  if (kind === "folder") return openFolder(parts[0], options);
  const dataset = kind === "idx" ? await openIdx(path, parts[0]) : await openCifar(path, kind, parts, options.labels);
  return { ...dataset, kind, skipped: [] };
}

async function openFolder(path: string, options: OpenDatasetOptions): Promise<OpenedDataset> {
  const folder = await imageFolder(path, options);
  if ((options.verify ?? true) && !options.skipBad) await requireReadable(folder, options);
  return { ...folder, kind: "folder" };
}

async function openIdx(path: string, imageFile: string): Promise<Dataset> {
  const stem = imageFile.replace(/\.gz$/, "").replace("-images", "-labels").replace(/idx3/, "idx1");
  const labelFile = await firstExisting(path, [stem, `${stem}.gz`]);
  const sources = { images: join(path, imageFile), ...(labelFile !== undefined && { labels: join(path, labelFile) }) };
  const images = await readMaybeZipped(sources.images);
  if (sources.labels === undefined) return idxDataset({ images, sources });
  const [labels, classes] = await Promise.all([readMaybeZipped(sources.labels), readNames(path, "classes.txt")]);
  return idxDataset({ images, labels, sources, ...(classes && { classes }) });
}

async function openCifar(
  path: string,
  kind: CifarKind,
  names: readonly string[],
  labels: "fine" | "coarse" = "fine",
): Promise<Dataset> {
  const list = kind === "cifar10" ? "batches.meta.txt" : `${labels}_label_names.txt`;
  const classes = await readNames(path, list);
  const expected = classCount(kind, labels);
  if (classes && classes.length !== expected) {
    throw new Error(`[openDataset] expected ${expected} names in ${join(path, list)}, got ${classes.length}`);
  }
  const parts = await Promise.all(
    names.map(async (name) => ({ bytes: await readMaybeZipped(join(path, name)), source: join(path, name) })),
  );
  return cifarDataset({ kind, labels, files: parts, ...(classes && { classes }) });
}

function idxLayout(path: string, names: readonly string[]): DatasetLayout | undefined {
  const splits: Partial<Record<DatasetSplit, readonly string[]>> = {};
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
  return Object.keys(splits).length > 0 ? { kind: "idx", splits } : undefined;
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
  return { kind: ten ? "cifar10" : "cifar100", splits };
}

// A class may be called "train": the names mean splits only when nothing else lies beside them.
function folderLayout(path: string, entries: readonly { name: string; isFile(): boolean }[]): DatasetLayout {
  const folders = entries.filter((entry) => !entry.isFile() && !isLitter(entry.name)).map(({ name }) => name);
  const named = folders.filter((name) => Object.hasOwn(splitFolders, name));
  if (!folders.includes("train") || named.length !== folders.length)
    return { kind: "folder", splits: { train: [path] } };
  const splits: Partial<Record<DatasetSplit, readonly string[]>> = {};
  // "test" before "val": a labelled test set is the better of the two when both are there.
  for (const name of ["train", "test", "val", "validation"]) {
    if (folders.includes(name)) splits[splitFolders[name]] ??= [join(path, name)];
  }
  return { kind: "folder", splits };
}

async function readMaybeZipped(path: string): Promise<Uint8Array> {
  try {
    const bytes = await files.readFile(path);
    return path.endsWith(".gz") ? await unzip(bytes, { maxOutputLength: MAX_UNZIPPED }) : bytes;
  } catch (error) {
    throw new Error(`[openDataset] ${path}: ${fileErrorReason(error)}`, { cause: error });
  }
}

async function readNames(path: string, name: string): Promise<readonly string[] | undefined> {
  if ((await firstExisting(path, [name])) === undefined) return undefined;
  const text = await files.readFile(join(path, name), "utf8");
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

async function firstExisting(path: string, names: readonly string[]): Promise<string | undefined> {
  const present = await files.readdir(path);
  return names.find((name) => present.includes(name));
}
