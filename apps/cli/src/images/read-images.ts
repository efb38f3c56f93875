// Every image of a data set read once, to find bad ones before anything is done with them and to tell these images from others
// later. Files that were read before, by whatever command, are known from the index of their folder.
import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import type { Image } from "@beitjs/tensor-core/image";
import type { Dataset } from "@beitjs/trainers";
import {
  indexImages,
  readImageFacts,
  verifyDataset,
  type ImageIndex,
  type ImageProblem,
  type IndexedFolder,
  type IndexOptions,
  type OpenedDataset,
} from "@beitjs/trainers/node";
import { cacheFolder } from "../files/cache-folder.ts";
import { imagesAtATime, mayOpenFewFiles } from "./at-a-time.ts";
import type { Context } from "../program/command.ts";
import type { Progress } from "../program/terminal.ts";
import type { DecodingFlags } from "./images.ts";
import { openViewPool, type ViewPool } from "./view-pool.ts";

/** An image as a run remembers it. */
export type ListedImage = {
  /** Relative to the folder of the split, or of the list. */
  readonly name: string;
  /** A list of them where an image may have several. */
  readonly label: number | readonly number[] | null;
  /** SHA-256 of the file, or of size and pixels where a file holds many images; null where it was not read. */
  readonly sha256: string | null;
};

export type ReadImages = {
  readonly bad: readonly ImageProblem[];
  /** All images in order, the bad ones too. */
  readonly listed: readonly ListedImage[];
  /** Files whose bytes changed although they were not written, as on a failing disk; found only where all are read. */
  readonly silent: readonly string[];
  /** What files have, where images are files of their own. */
  readonly formats: readonly FileFormat[];
};

/** Channels, alpha among them, and bits a sample of so many images. */
export type FileFormat = { readonly channels: number; readonly depth: number; readonly images: number };

export type ReadOptions = DecodingFlags & { readonly read: NonNullable<IndexOptions["read"]> };

// Starting threads takes longer than they save for fewer.
const worthThreads = 64;
// With a thread at a time, so that none waits for this one.
const aheadOfThreads = 16;

/** Reads the images of a data set that was opened at `path`. Those in memory are always read. */
export async function readImages(
  path: string,
  dataset: OpenedDataset,
  options: ReadOptions,
  context: Context,
): Promise<ReadImages> {
  const { directory, path: fileOf } = dataset;
  if (directory === undefined || !fileOf) return readMemory(path, dataset, context);
  const folder = { directory, length: dataset.length, path: fileOf };
  const { facts, silent } = await readFolder(folder, options, context);
  const bad = facts.flatMap((known, index) =>
    known?.problem === undefined
      ? []
      : [{ index, name: dataset.name(index), path: fileOf(index).toString(), reason: known.problem }],
  );
  // Names begin with the split's folder where the data has several.
  const start =
    dataset.kind === "list" || relative(path, directory) === "" ? 0 : `${relative(path, directory)}/`.length;
  const listed = facts.map((known, index) => ({
    name: dataset.name(index).slice(start),
    label: dataset.labels?.(index) ?? dataset.label(index) ?? null,
    sha256: known?.sha256 ?? null,
  }));
  return { bad, listed, silent: silent.map((index) => fileOf(index).toString()), formats: formatsOf(facts) };
}

async function readFolder(folder: IndexedFolder, options: ReadOptions, context: Context): Promise<ImageIndex> {
  const { host, terminal, interrupt } = context;
  const threads = imagesAtATime();
  let pool: ViewPool | undefined;
  let progress: Progress | undefined;
  try {
    const index = await indexImages(folder, {
      ...options,
      now: host.now,
      cacheFolder: join(cacheFolder(host), "images"),
      signal: interrupt.signal,
      concurrency: aheadOfThreads * threads,
      readFacts: (path, decoding) => pool?.facts({ path, decoding }) ?? readImageFacts(path, decoding),
      onProgress(done, total) {
        if (done > 0) return progress?.update(done, "");
        if (total >= worthThreads && !mayOpenFewFiles()) pool = openViewPool({ atATime: threads });
        progress = terminal.progress({ label: "reading images", total, unit: "images" });
      },
    });
    for (const warning of index.warnings) terminal.warn(warning);
    tellKnown(index, options, context);
    return index;
  } finally {
    progress?.stop();
    await pool?.dispose();
  }
}

function tellKnown({ facts, read, file = "" }: ImageIndex, options: ReadOptions, { terminal }: Context): void {
  const unknown = facts.filter((known) => !known).length;
  const known = facts.length - read - unknown;
  if (known > 0)
    terminal.info(`${known} of ${facts.length} images are as they were when they were read last (${file})`);
  if (unknown > 0 && options.read === "none")
    terminal.info(`${unknown} of ${facts.length} images were not read: a bad one ends the run when its turn comes`);
  terminal.event("read", { images: facts.length, read, known, unknown, index: file === "" ? null : file });
}

// There at once, and not on a disk that may fail meanwhile: nothing is kept of them.
async function readMemory(path: string, dataset: Dataset, { terminal, interrupt }: Context): Promise<ReadImages> {
  const hashes = new Array<string | null>(dataset.length).fill(null);
  let read = 0;
  const hashed: Dataset = {
    ...dataset,
    async get(index) {
      const example = await dataset.get(index).finally(() => progress.update(++read, ""));
      hashes[index] = hashOf(example.image);
      return example;
    },
  };
  const progress = terminal.progress({ label: "reading images", total: dataset.length, unit: "images" });
  const bad: ImageProblem[] = [];
  try {
    for await (const problem of verifyDataset(hashed, { signal: interrupt.signal })) bad.push(problem);
  } finally {
    progress.stop();
  }
  const listed = hashes.map((sha256, index) => ({
    name: relative(path, dataset.name(index)),
    label: dataset.labels?.(index) ?? dataset.label(index) ?? null,
    sha256,
  }));
  return { bad, listed, silent: [], formats: [] };
}

function formatsOf(facts: ImageIndex["facts"]): readonly FileFormat[] {
  const counts = new Map<string, FileFormat>();
  for (const known of facts) {
    if (known?.channels === undefined || known.depth === undefined) continue;
    const { channels, depth } = known;
    const key = `${channels} ${depth}`;
    counts.set(key, { channels, depth, images: (counts.get(key)?.images ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => b.images - a.images);
}

function hashOf({ width, height, channels, data }: Image): string {
  return createHash("sha256")
    .update(Int32Array.of(width, height, channels))
    .update(data)
    .digest("hex");
}
