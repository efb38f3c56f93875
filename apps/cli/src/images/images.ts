// The images of --data: opened, read once to find bad ones before anything is trained on them, and told about.
import { labelsAt, requireLabels, subset, type Dataset } from "@beitjs/trainers";
import {
  datasetLayout,
  openDataset,
  type DatasetKind,
  type DatasetSplit,
  type DecodeOptions,
  type ImageProblem,
  type LayoutOptions,
  type LeftOut,
  type ListColumns,
  type OpenedDataset,
} from "@beitjs/trainers/node";
import { isColor } from "@beitjs/tensor-core/image";
import type { Context } from "../program/command.ts";
import { printable } from "../program/printable.ts";
import { readImages, type ListedImage } from "./read-images.ts";

// Of classes in a line; the event has all.
const mostNames = 20;

export type OpenedImages = {
  readonly images: Dataset;
  readonly kind: DatasetKind;
  readonly split: DatasetSplit;
  /** Images set aside. */
  readonly skipped: readonly ImageProblem[];
  /** Name, label and hash of the images. */
  readonly listed: readonly ListedImage[];
  /** What lies in a folder and is not among the images. */
  readonly leftOut?: LeftOut;
};

/** How image files are decoded; the flags of that name, and the channels that the model at hand sees. */
export type DecodingFlags = Pick<DecodeOptions, "bits" | "colorProfile" | "channels">;

/** The same for the decoder. Grey is made of colors where views are made, so that all who want either read alike. */
export function decodingOf({ bits, colorProfile, channels }: DecodingFlags): DecodingFlags {
  return { bits, colorProfile, ...(channels !== undefined && !isColor({ channels }) && { channels }) };
}

/** How the images of --data are read; the flags of that name. */
export type ReadingFlags = DecodingFlags & {
  readonly skipBad: boolean;
  /** Read images that are not known yet; true by default. */
  readonly verify?: boolean;
  readonly classesAreFolders?: boolean;
  readonly columns?: ListColumns | undefined;
};

export type OpenImagesOptions = ReadingFlags & { readonly split: DatasetSplit };

/**
 * Opens a split and reads every image of it once, or as many as are not known from the last time.
 *
 * @throws with the paths and reasons if images cannot be read, unless `skipBad`
 */
export async function openImages(
  path: string,
  { split, skipBad, verify = true, classesAreFolders = false, columns, ...flags }: OpenImagesOptions,
  context: Context,
): Promise<OpenedImages> {
  const { signal } = context.interrupt;
  const decoding = decodingOf(flags);
  const opening = { ...decoding, verify: false, allowMissing: skipBad, signal };
  const dataset = await openDataset(path, { split, classesAreFolders, columns, ...opening });
  tellList(path, dataset, context);
  const reading = { ...decoding, read: verify ? "changed" : "none" } as const;
  const { bad, listed } = await readImages(path, dataset, reading, context);
  if (bad.length > 0 && !skipBad) throw badImagesError(path, dataset, bad, context);
  const images = withoutBad(path, dataset, bad);
  const { kind, leftOut } = dataset;
  const out = new Set(bad.map(({ index }) => index));
  const good = listed.filter((_, index) => !out.has(index));
  const opened = { images, kind, split, skipped: bad, listed: good, ...(leftOut && { leftOut }) };
  tellImages(path, opened, context);
  return opened;
}

/** Says how many images there are, and which were set aside. */
export function tellImages(
  path: string,
  { images, kind, split, skipped, leftOut }: Omit<OpenedImages, "listed">,
  { terminal }: Pick<Context, "terminal">,
): void {
  const aside = skipped.length > 0 ? `, ${skipped.length} set aside` : "";
  terminal.info(`images: ${images.length} of ${path} (${kind}, ${split}), ${classesInWords(images)}${aside}`);
  terminal.event("images", {
    path,
    kind,
    split,
    images: images.length,
    classes: images.classes ?? null,
    skipped: skipped.map(reported),
  });
  tellLeftOut(path, leftOut, { terminal });
}

/** Names the folders that could not be listed, and says how many files are no images, with the first of them. */
export function tellLeftOut(path: string, leftOut: LeftOut | undefined, { terminal }: Pick<Context, "terminal">): void {
  if (!leftOut || leftOut.files + leftOut.folders.length === 0) return;
  const { files, firstFiles, folders } = leftOut;
  for (const { path: folder, reason } of folders)
    terminal.warn(`left out: the folder ${printable(folder)} of ${path}: ${reason}`);
  const named = firstFiles.slice(0, 3).map(({ path: file, reason }) => `${printable(file)}: ${reason}`);
  const more = files > named.length ? "; …" : "";
  if (files > 0) terminal.info(`left out: ${files} files of ${path} that are no images (${named.join("; ")}${more})`);
  terminal.event("left-out", { path, files, firstFiles, folders });
}

/** Names what a list has and nobody reads, and the images in its folder that it does not have. */
export function tellList(
  path: string,
  { unreadColumns = [], unlisted = [] }: Pick<OpenedDataset, "unreadColumns" | "unlisted">,
  { terminal }: Pick<Context, "terminal">,
): void {
  const some = (names: readonly string[]) =>
    names.slice(0, 3).map(printable).join(", ") + (names.length > 3 ? ", …" : "");
  if (unreadColumns.length > 0) terminal.info(`columns that are not read: ${some(unreadColumns)}`);
  if (unlisted.length > 0) terminal.warn(`${unlisted.length} images of ${path} are in no list: ${some(unlisted)}`);
  if (unreadColumns.length + unlisted.length > 0) {
    terminal.event("list", { path, unreadColumns, unlisted: unlisted.length, firstUnlisted: unlisted.slice(0, 10) });
  }
}

/** Lists images that cannot be read; the error says how many they are and what to do. */
export function badImagesError(
  path: string,
  { length }: Dataset,
  bad: readonly ImageProblem[],
  { terminal }: Pick<Context, "terminal">,
): Error {
  for (const { path: file, reason } of bad.slice(0, 20)) terminal.info(`  ${file}: ${reason}`);
  if (bad.length > 20) terminal.info(`  and ${bad.length - 20} more`);
  terminal.event("bad-images", { problems: bad.map(reported) });
  const [first] = bad;
  return new Error(
    `${bad.length} of ${length} images of ${path} cannot be read, the first is ${first.path}: ${first.reason}; ` +
      "repair or remove them, or pass --skip-bad",
  );
}

/** Number and names of classes: a folder that is none shows here, before anything is trained. */
export function classesInWords({ classes, unlabeled }: Dataset): string {
  if (!classes) return unlabeled === undefined ? "no labels" : `no labels: ${printable(unlabeled)}`;
  const names = classes.slice(0, mostNames).map((name) => printable(name));
  const more = classes.length > mostNames ? ` and ${classes.length - mostNames} more` : "";
  return `${classes.length} ${classes.length === 1 ? "class" : "classes"} (${names.join(", ")}${more})`;
}

/** The split to measure on: test where the data has one, else val, else the only one it has. */
export async function testSplit(path: string, options: LayoutOptions): Promise<DatasetSplit> {
  const { splits } = await datasetLayout(path, options);
  return splits.test ? "test" : splits.val ? "val" : "train";
}

/** The same images for work that has nothing to save: reading stops when the program is asked to. */
export function interruptible(dataset: Dataset, { interrupt }: Pick<Context, "interrupt">): Dataset {
  const get = async (index: number) => {
    // Images in memory are there at once: without a pause no signal would be heard before the end.
    await new Promise((resolve) => setImmediate(resolve));
    interrupt.check();
    return dataset.get(index);
  };
  return { ...dataset, get };
}

/** What must not change when a run goes on: other images would come in another order. */
export function imageFacts(
  { length, classes }: Dataset,
  { bits, colorProfile }: DecodingFlags,
): {
  readonly images: number;
  readonly classes: readonly string[] | null;
  readonly bits?: number;
  readonly colorProfile?: "apply";
} {
  return {
    images: length,
    classes: classes ?? null,
    ...(bits !== undefined && { bits }),
    ...(colorProfile === "apply" && { colorProfile }),
  };
}

/**
 * The images that can be read.
 *
 * @throws if there are none, or none of a class
 */
export function withoutBad(path: string, dataset: Dataset, bad: readonly ImageProblem[]): Dataset {
  if (bad.length === 0) return dataset;
  const out = new Set(bad.map(({ index }) => index));
  const good = Array.from({ length: dataset.length }, (_, index) => index).filter((index) => !out.has(index));
  if (good.length === 0)
    throw new Error(
      `none of the ${dataset.length} images of ${path} can be read, the first is ${bad[0].path}: ${bad[0].reason}`,
    );
  const images = subset(dataset, good);
  if (images.classes) refuseEmptyClass(path, images);
  return images;
}

function reported({ path, reason }: ImageProblem): { readonly path: string; readonly reason: string } {
  return { path, reason };
}

function refuseEmptyClass(path: string, images: Dataset): void {
  const used = new Set(Array.from({ length: images.length }, (_, index) => labelsAt(images, index)).flat());
  const empty = requireLabels(images, images.labels ? "multi" : "single").filter((_, label) => !used.has(label));
  if (empty.length > 0) throw new Error(`no image of class ${empty.join(", ")} in ${path} can be read`);
}
