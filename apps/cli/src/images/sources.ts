// The images of commands that only look at them: files and folders in the order given. Listed here, and read when their turn
// comes (image-batches.ts), each once.
import { promises as files } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "@beitjs/trainers";
import {
  datasetLayout,
  openDataset,
  readImage,
  splitNames,
  type DatasetSplit,
  type ImageError,
  type ImageProblem,
} from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { messageOf } from "../program/exit-codes.ts";
import { badImagesError, decodingOf, tellImages, withoutBad, type DecodingFlags } from "./images.ts";
import type { ImagePath } from "./view-file.ts";

/** Files in a row, or one split of a folder. Classes of one folder mean nothing in the next. */
export type SourcePart = {
  readonly images: Pick<Dataset, "length" | "name" | "get">;
  /** The file that holds an image and nothing else, where there is one. */
  readonly path?: (index: number) => ImagePath;
  /** An image could not be read. Throws, or tells whether there is still use for those after it. */
  bad(index: number, error: ImageError): boolean;
  /** All were read; throws if the part is not to be used. */
  end(): void;
};

export type ImageSources = {
  /** What was found; some may turn out to be no images. */
  readonly length: number;
  readonly names: readonly string[];
  readonly parts: readonly SourcePart[];
  /** How files of them are decoded. */
  readonly decoding: DecodingFlags;
};

type Reading = DecodingFlags & { readonly skipBad: boolean };

/**
 * Lists files and folders (all their splits) as one collection without labels.
 *
 * @throws if a folder has no images, or its data set is damaged
 */
export async function openImageSources(
  paths: readonly string[],
  reading: Reading,
  context: Context,
): Promise<ImageSources> {
  const parts: SourcePart[] = [];
  let singles: string[] = [];
  const closeSingles = (): void => {
    if (singles.length > 0) parts.push(filesPart(singles, reading, context));
    singles = [];
  };
  for (const path of paths) {
    if (!(await isFolder(path))) {
      singles.push(path);
      continue;
    }
    closeSingles();
    // Lists and folders beside splits are a question of training only: here all images are wanted.
    const { splits, others } = await datasetLayout(path, { lists: false });
    const classesAreFolders = others.length > 0;
    const found: readonly DatasetSplit[] = classesAreFolders ? ["train"] : splitNames.filter((split) => splits[split]);
    const options = { classesAreFolders, alone: paths.length === 1 };
    for (const split of found) parts.push(await folderPart(path, { ...options, split }, reading, context));
  }
  closeSingles();
  const names = parts.flatMap(({ images }) => Array.from({ length: images.length }, (_, index) => images.name(index)));
  return { length: names.length, names, parts, decoding: decodingOf(reading) };
}

async function isFolder(path: string): Promise<boolean> {
  return files.stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

function filesPart(paths: readonly string[], { skipBad, ...flags }: Reading, { terminal }: Context): SourcePart {
  return {
    images: {
      length: paths.length,
      name: (index) => paths[index],
      get: async (index) => ({ image: await readImage(paths[index], decodingOf(flags)), name: paths[index] }),
    },
    path: (index) => paths[index],
    bad(_, error) {
      if (!skipBad) throw error;
      terminal.warn(`left out: ${messageOf(error)}`);
      return true;
    },
    end() {},
  };
}

type FolderOptions = {
  readonly split: DatasetSplit;
  readonly classesAreFolders: boolean;
  /** No other path was given. */
  readonly alone: boolean;
};

async function folderPart(
  path: string,
  { split, classesAreFolders, alone }: FolderOptions,
  { skipBad, ...flags }: Reading,
  context: Context,
): Promise<SourcePart> {
  const { signal } = context.interrupt;
  const reading = { ...decodingOf(flags), verify: false, lists: false, signal };
  const images = await openDataset(path, { split, classesAreFolders, ...reading });
  const { kind, leftOut } = images;
  const told = { kind, split, ...(leftOut && { leftOut }) };
  const skipped: ImageProblem[] = [];
  // How many will be left is known at the end.
  if (!skipBad) tellImages(path, { ...told, images, skipped }, context);
  // One folder's names are relative to it; beside other paths they begin with what was typed, as those of files do.
  const name = alone || kind !== "folder" ? images.name : (index: number) => join(path, images.name(index));
  return {
    images: { ...images, name },
    ...(images.path && { path: images.path }),
    bad(index, { path: file, reason }) {
      skipped.push({ index, name: images.name(index), path: file, reason });
      return skipBad; // otherwise the rest is read to tell all bad ones at once
    },
    end() {
      if (skipped.length > 0 && !skipBad) throw badImagesError(path, images, skipped, context);
      const good = withoutBad(path, images, skipped);
      if (skipBad) tellImages(path, { ...told, images: good, skipped }, context);
    },
  };
}
