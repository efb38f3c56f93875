// A folder of images as a dataset: one class per sub-folder (torchvision's ImageFolder layout, which BEiT uses), or any tree of
// images without labels.
import { promises as files } from "node:fs";
import pLimit from "p-limit";
import { checkIndex, type Dataset } from "../data/dataset.ts";
import { readImage, type DecodeOptions } from "./decode-image.ts";
import { fileErrorReason } from "./image-error.ts";
import { bytesPath, displayPath, listImages } from "./list-images.ts";
import { splitsAmong } from "../data/split-names.ts";
import { verifyDataset, type ImageProblem } from "./verify-dataset.ts";

export type ImageFolderOptions = DecodeOptions & {
  /** Read every image first and leave out those that cannot be read; they are in `skipped`. */
  readonly skipBad?: boolean;
  /** Keep classes without images; an error otherwise, as a forgotten download looks the same. */
  readonly allowEmptyClasses?: boolean;
  /** Keep classes that are called like a split (`train`, `test`); an error otherwise, as test images would be learnt from. */
  readonly classesAreFolders?: boolean;
  /** Files open and images in decoding at a time; 8 by default. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
};

/** Files that are no images, counted, and why the first are none; folders that cannot be listed, all of them. */
export type LeftOut = {
  readonly files: number;
  readonly firstFiles: readonly NotListed[];
  readonly folders: readonly NotListed[];
};
export type NotListed = { readonly path: string; readonly reason: string };

export interface ImageFolder extends Dataset {
  readonly directory: string;
  /** Images set aside by `skipBad`. */
  readonly skipped: readonly ImageProblem[];
  /** What lies in the folder and is not among the images. */
  readonly leftOut: LeftOut;
  /** The file of an image, in bytes: a name may be no valid Unicode. */
  path(index: number): Buffer;
}

type Listing = { readonly images: string[]; readonly folders: string[]; readonly leftOut: LeftOut };
type Content = {
  readonly paths: readonly string[];
  readonly labels?: Uint32Array;
  readonly classes?: readonly string[];
  readonly unlabeled?: string;
};

// Of files that are no images: their number says the rest.
const mostNamed = 10;

/**
 * Opens a folder. Sub-folders are classes, sorted by the bytes of their names, images anywhere below belong to them; with an image
 * beside the sub-folders, or without sub-folders, all images below are taken without labels. Images are sorted by path.
 * Nothing is decoded yet unless `skipBad` is set; `verifyDataset` does that before a run.
 * @throws Error when the folder cannot be read, holds no image, or (unless allowed) a class holds none or is called like a split.
 */
export async function imageFolder(directory: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
  const listing = await list(directory, options.signal);
  if (!options.classesAreFolders) refuseSplits(directory, listing);
  const content = withClasses(listing);
  if (!options.allowEmptyClasses) refuseEmptyClasses(directory, content);
  const all = createFolder(directory, content, listing.leftOut, options);
  return options.skipBad ? withoutBad(all, content, options) : all;
}

async function list(directory: string, signal: AbortSignal | undefined): Promise<Listing> {
  const images: string[] = [];
  const folders = new Set<string>();
  const leftOut = { files: 0, firstFiles: [] as NotListed[], folders: [] as NotListed[] };
  await refuseOtherThanFolder(directory);
  for await (const { path, kind, reason = "" } of listImages(directory, signal)) {
    if (kind === "image") images.push(path);
    else if (kind === "folder") folders.add(path);
    else if (kind === "other" && leftOut.files++ >= mostNamed) continue;
    else (kind === "other" ? leftOut.firstFiles : leftOut.folders).push({ path: displayPath(path), reason });
    if (kind === "closed") folders.delete(path);
  }
  if (images.length === 0) {
    const named = [...leftOut.folders, ...leftOut.firstFiles]
      .slice(0, 3)
      .map(({ path, reason }) => `${path}: ${reason}`);
    const got = `none among ${leftOut.files} files and ${folders.size} folders${named.length > 0 ? ` (${named.join("; ")})` : ""}`;
    throw new Error(
      `[imageFolder] expected images (.jpg, .png, .webp, .gif, .tif, .avif, .bmp, .ppm) in ${directory}, got ${got}`,
    );
  }
  return { images: images.sort(byByte), folders: [...folders].sort(byByte), leftOut };
}

async function refuseOtherThanFolder(directory: string): Promise<void> {
  const stats = await files.stat(directory).catch((error: unknown) => {
    throw new Error(`[imageFolder] ${directory}: ${fileErrorReason(error)}`, { cause: error });
  });
  if (!stats.isDirectory()) throw new Error(`[imageFolder] expected a folder, got the file ${directory}`);
}

function withClasses({ images, folders }: Listing): Content {
  if (folders.length === 0) return { paths: images };
  const stray = images.filter((path) => !path.includes("/")).map(displayPath);
  if (stray.length > 0) return { paths: images, unlabeled: besideFolders(stray, folders.map(displayPath)) };
  const labelOf = new Map(folders.map((name, label) => [name, label]));
  const labels = Uint32Array.from(images, (path) => labelOf.get(path.slice(0, path.indexOf("/"))) as number);
  return { paths: images, labels, classes: folders.map(displayPath) };
}

function besideFolders(images: readonly string[], folders: readonly string[]): string {
  const list = (names: readonly string[]) =>
    names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");
  const verb = images.length === 1 ? "lies" : "lie";
  return `${list(images)} ${verb} beside the folders ${list(folders)}, which are no classes therefore`;
}

function refuseEmptyClasses(directory: string, { labels, classes = [] }: Content): void {
  const used = new Set(labels);
  const empty = classes.filter((_, label) => !used.has(label));
  if (empty.length === 0) return;
  const names = empty.slice(0, 10).map((name) => JSON.stringify(name));
  const more = empty.length > 10 ? ` and ${empty.length - 10} more` : "";
  throw new Error(
    `[imageFolder] expected images in every class folder of ${directory}, got none in ${names.join(", ")}${more}`,
  );
}

// Splits at the top, or below one folder: `archive/train` and `archive/test` would be one class, `archive`.
function refuseSplits(directory: string, { images, folders }: Listing): void {
  const below = new Map<string, Set<string>>();
  for (const path of images) {
    const [top, next, ...rest] = path.split("/");
    if (rest.length > 0) below.set(top, (below.get(top) ?? new Set()).add(next));
  }
  for (const [parent, names] of [["", folders] as const, ...below]) {
    const splits = splitsAmong([...names].map(displayPath).sort());
    if (splits.size === 0 || (parent !== "" && new Set(splits.values()).size < 2)) continue;
    const where = parent === "" ? directory : `${directory}/${displayPath(parent)}`;
    throw new Error(
      `[imageFolder] expected classes in ${where}, got folders that are called like splits: ${[...splits.keys()].join(", ")}; ` +
        `open ${where}${parent === "" ? ` by openDataset, or one of them by its own path` : ""}, ` +
        "or say that folders are classes (classesAreFolders, --classes-are-folders)",
    );
  }
}

function createFolder(directory: string, content: Content, leftOut: LeftOut, options: ImageFolderOptions): ImageFolder {
  const { paths, labels, classes, unlabeled } = content;
  const { concurrency = 8 } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new RangeError(`[imageFolder] expected a concurrency of at least 1, got ${concurrency}`);
  const limit = pLimit(concurrency);
  const pathAt = (index: number) => {
    checkIndex("imageFolder", paths, index);
    return paths[index];
  };
  return {
    directory,
    leftOut,
    skipped: [],
    length: paths.length,
    ...(classes && { classes }),
    ...(unlabeled !== undefined && { unlabeled }),
    get: async (index) => {
      const path = pathAt(index);
      const image = await limit(() => readImage(bytesPath(directory, path), options));
      return { image, name: displayPath(path), ...(labels && { label: labels[index] }) };
    },
    path: (index) => bytesPath(directory, pathAt(index)),
    label: (index) => (checkIndex("imageFolder", paths, index), labels?.[index]),
    name: (index) => displayPath(pathAt(index)),
  };
}

async function withoutBad(all: ImageFolder, content: Content, options: ImageFolderOptions): Promise<ImageFolder> {
  const skipped: ImageProblem[] = [];
  for await (const problem of verifyDataset(all, options)) skipped.push(problem);
  const bad = new Set(skipped.map(({ index }) => index));
  const isGood = (_: unknown, index: number) => !bad.has(index);
  const good: Content = {
    ...content,
    paths: content.paths.filter(isGood),
    ...(content.labels && { labels: content.labels.filter(isGood) }),
  };
  if (good.paths.length === 0) {
    const { path, reason } = skipped[0];
    throw new Error(`[imageFolder] expected readable images in ${all.directory}, got none: ${path}: ${reason}`);
  }
  if (!options.allowEmptyClasses) refuseEmptyClasses(all.directory, good);
  return { ...createFolder(all.directory, good, all.leftOut, options), skipped };
}

function byByte(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
