// Opens whatever lies at a path: IDX files (MNIST and its successors), CIFAR's binary files, a list of images, or a folder of them.
import { promises as files } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { cifarDataset, classCount, type CifarKind } from "../data/cifar.ts";
import { subset, type Dataset } from "../data/dataset.ts";
import { idxDataset } from "../data/idx.ts";
import { datasetLayout, type DatasetKind, type DatasetLayout } from "./dataset-layout.ts";
import { fileErrorReason } from "./image-error.ts";
import {
  imageFolder,
  type ImageFolder,
  type ImageFolderOptions,
  type LeftOut,
  type NotListed,
} from "./image-folder.ts";
import { isImageName, isLitter } from "./list-images.ts";
import { listedDataset, unlistedImages } from "./listed-dataset.ts";
import type { ListColumns } from "./image-list.ts";
import type { ListedImages } from "./listed-layout.ts";
import { splitNames, type DatasetSplit } from "../data/split-names.ts";
import { requireReadable, verifyDataset, type ImageProblem } from "./verify-dataset.ts";

export type OpenDatasetOptions = ImageFolderOptions & {
  readonly split?: DatasetSplit;
  /** Read every image of a folder first and stop at bad ones (default); `skipBad` sets them aside instead. */
  readonly verify?: boolean;
  /** Which of CIFAR-100's labels. */
  readonly labels?: "fine" | "coarse";
  /** Whether lists are read; false takes a folder as if it had none. */
  readonly lists?: boolean;
  /** Which columns of a list say what, where they are not called as usual; others are then not read. */
  readonly columns?: ListColumns | undefined;
  /** Keep images of a list whose file is missing: they are then images that cannot be read, like others. */
  readonly allowMissing?: boolean;
};

export interface OpenedDataset extends Dataset {
  readonly kind: DatasetKind;
  /** Images set aside by `skipBad`. */
  readonly skipped: readonly ImageProblem[];
  /** What lies in a folder and is not among the images. */
  readonly leftOut?: LeftOut;
  /** The folder of the split, or of the list, where it is one. */
  readonly directory?: string;
  /** Columns of a list that nobody reads. */
  readonly unreadColumns?: readonly string[];
  /** Images in the folder of a list that no row names. */
  readonly unlisted?: readonly string[];
  /** The file that holds an image and nothing else; only folders have such. */
  path?(index: number): Buffer;
}

const unzip = promisify(gunzip);
const MAX_UNZIPPED = 2 ** 30;

/**
 * Opens a dataset: IDX pairs such as `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, plain or .gz, labels optional;
 * `data_batch_*.bin` and `test_batch.bin`; `train.bin` and `test.bin`; a list (`.csv`, `.tsv`, `.jsonl`) or a folder with `metadata.jsonl`
 * or `metadata.csv` as Hugging Face's `imagefolder`; or images, with or without folders for splits, called as people
 * call them (`train`, `valid`, `Test`, `val2017`, `training_set`).
 * Names of examples are relative to `path`; those of files that hold many begin with it. Class names are read from `classes.txt`, or CIFAR's own lists, where they are.
 * @throws Error or RangeError when the split is not there, a folder beside splits is none, a file is malformed, or (unless told
 * otherwise) an image is bad.
 */
export async function openDataset(path: string, options: OpenDatasetOptions = {}): Promise<OpenedDataset> {
  const { split = "train" } = options;
  const layout = await datasetLayout(path, options);
  const { kind, splits } = layout;
  refuseOthers(path, layout);
  const parts = splits[split];
  if (!parts) {
    const got = Object.keys(splits).join(", ");
    throw new Error(`[openDataset] expected a ${split} split in ${path} (${kind}), got only ${got}`);
  }
  if (kind === "folder") return openFolder(path, parts[0], options);
  if (kind === "list") return openListed(path, layout.listed as ListedImages, options);
  const dataset = kind === "idx" ? await openIdx(path, parts[0]) : await openCifar(path, kind, parts, options.labels);
  return { ...dataset, kind, skipped: [] };
}

// What is in a folder beside splits may be for training, for a test, or for neither: only its owner knows.
function refuseOthers(path: string, { splits, others }: DatasetLayout): void {
  if (others.length === 0) return;
  const known = splitNames.flatMap((split) => (splits[split] ?? []).map((folder) => basename(folder)));
  const names = others.slice(0, 10).map((name) => JSON.stringify(name));
  const more = others.length > 10 ? ` and ${others.length - 10} more` : "";
  throw new Error(
    `[openDataset] expected nothing but splits in ${path}, as ${known.join(", ")} ${known.length > 1 ? "are" : "is"} there, ` +
      `got the folders ${names.join(", ")}${more} too; open one folder by its own path (${join(path, others[0])}), move the others ` +
      "away, or say that all are classes (classesAreFolders, --classes-are-folders)",
  );
}

async function openListed(path: string, listed: ListedImages, options: OpenDatasetOptions): Promise<OpenedDataset> {
  const { split = "train", skipBad, verify = true } = options;
  const allowMissing = skipBad ?? options.allowMissing ?? false;
  const all = await listedDataset(listed, { ...options, split, allowMissing });
  const { unread: unreadColumns, path: fileOf } = all;
  const unlisted = listed.directory === path ? await unlistedImages(listed, options.signal) : [];
  const facts = { kind: "list", directory: listed.directory, unreadColumns, unlisted } as const;
  if (!skipBad) {
    if (verify) await requireReadable(all, options);
    return { ...all, ...facts, skipped: [] };
  }
  const skipped: ImageProblem[] = [];
  for await (const problem of verifyDataset(all, options)) skipped.push(problem);
  const bad = new Set(skipped.map(({ index }) => index));
  const good = Array.from({ length: all.length }, (_, index) => index).filter((index) => !bad.has(index));
  if (good.length === 0) {
    throw new Error(
      `[openDataset] expected readable images in ${path}, got none: ${skipped[0].path}: ${skipped[0].reason}`,
    );
  }
  return { ...subset(all, good), ...facts, skipped, path: (index) => fileOf(good[index]) };
}

async function openFolder(path: string, part: string, options: OpenDatasetOptions): Promise<OpenedDataset> {
  const folder = await imageFolder(part, options);
  if ((options.verify ?? true) && !options.skipBad) await requireReadable(folder, options);
  if (part === path) return { ...folder, kind: "folder" };
  return { ...below(basename(part), folder, await imagesBeside(path)), kind: "folder" };
}

async function imagesBeside(path: string): Promise<readonly NotListed[]> {
  const entries = await files.readdir(path, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && !isLitter(entry.name) && isImageName(entry.name))
    .map(({ name }) => name);
  return names.map((name) => ({ path: name, reason: "lies beside the splits" }));
}

// Names from the folder that was asked for: `cat/1.png` may be in train and in val.
function below(part: string, folder: ImageFolder, beside: readonly NotListed[]): ImageFolder {
  const full = (name: string) => `${part}/${name}`;
  const { leftOut } = folder;
  const named = (list: readonly NotListed[]) => list.map(({ path, reason }) => ({ path: full(path), reason }));
  return {
    ...folder,
    leftOut: {
      files: leftOut.files + beside.length,
      firstFiles: [...beside, ...named(leftOut.firstFiles)].slice(0, 10),
      folders: named(leftOut.folders),
    },
    skipped: folder.skipped.map((problem) => ({ ...problem, name: full(problem.name) })),
    get: async (index) => ({ ...(await folder.get(index)), name: full(folder.name(index)) }),
    name: (index) => full(folder.name(index)),
  };
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
