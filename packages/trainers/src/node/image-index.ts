// The images of a folder read once for all commands: what was found out about every file is kept in an index beside the images, or in
// a cache folder where they may not be written to, and only files that are new or have changed are read again.
import { createHash } from "node:crypto";
import { promises as files } from "node:fs";
import { join } from "node:path";
import { decodingRules, type DecodeOptions, type DecodingRules } from "./decode-image.ts";
import { writeErrorReason } from "./checkpoint-files.ts";
import { fileStamp, readImageFacts, sameStamp, type FileStamp, type ImageFacts } from "./image-facts.ts";
import type { ImageFolder } from "./image-folder.ts";
import { loadIndex, saveIndex, type IndexEntries, type IndexEntry } from "./index-file.ts";

/** The files of a dataset that has one for each image, as of `imageFolder` and `openDataset`. */
export type IndexedFolder = Pick<ImageFolder, "directory" | "length" | "path">;

export type IndexOptions = DecodeOptions & {
  /** The present time in ms since 1970. */
  readonly now: () => number;
  /** Which files are read: those that are not in the index as they are (`changed`, the default), `all`, or `none`. */
  readonly read?: "changed" | "all" | "none";
  /** Where an index is kept of images that lie where one may not write. */
  readonly cacheFolder?: string;
  /** Reads one file, perhaps in another thread; `readImageFacts` by default. */
  readonly readFacts?: (path: Buffer, options: DecodeOptions) => Promise<ImageFacts>;
  /** Files in reading at a time; 8 by default. */
  readonly concurrency?: number;
  /** Called when it is known how many files are to be read, and after each. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
};

export type ImageIndex = {
  /** What is known of every image, in the folder's order; nothing of those that were not read. */
  readonly facts: readonly (ImageFacts | undefined)[];
  /** How many files were read now. */
  readonly read: number;
  /** Images whose bytes are others than before although the file says it was not touched; only found where `all` are read. */
  readonly silent: readonly number[];
  /** The file that keeps what was found out, where there is one. */
  readonly file?: string;
  /** What went wrong with that file, in words; none of it stops the work. */
  readonly warnings: readonly string[];
};

const NAME = ".beit-index";
// The coarsest times that file systems keep are of two seconds (FAT).
const COARSEST_TIME_MS = 2000;
const STATS_AT_A_TIME = 32;
const SAVE_EVERY_MS = 300_000;

/**
 * Finds out about every image of a folder: whether it can be read, its size and the hash of its bytes. Files that are as they were
 * (size, times and number in the file system) are not read again, and their problems are those found then. A file that was
 * changed within two seconds before it was read is read again next time: another change in the same moment would not show.
 * What was read is kept also when the signal ends the work, and every few minutes for when it is killed.
 *
 * @throws the signal's reason, and a RangeError for options that `decodeImage` does not take; never because of the index
 */
export async function indexImages(folder: IndexedFolder, options: IndexOptions): Promise<ImageIndex> {
  const { read = "changed", signal, onProgress, now, readFacts = readImageFacts, concurrency = 8 } = options;
  const rules = decodingRules(options);
  const places = await placesOf(folder.directory, rules, options.cacheFolder);
  const loaded = await Promise.all(places.map(async (place) => ({ place, ...(await loadIndex(place, rules)) })));
  const warnings = loaded.flatMap(({ place, damage }) =>
    damage === undefined ? [] : [`the index ${place} is damaged (${damage}) and is made anew`],
  );
  const paths = pathsBelow(folder);
  const facts = await knownFacts(folder, paths, loaded, signal);
  const before = read === "all" ? [...facts] : undefined;
  const wanted = read === "none" ? [] : [...paths.keys()].filter((index) => read === "all" || !facts[index]);
  const racy = new Set<number>();
  const silent: number[] = [];
  const decoding = decodeOptionsOf(options);
  let done = 0;
  let saved = now();
  const save = () => saveSomewhere(places, entriesOf(paths, facts, racy), rules, now());
  let file = loaded.find(({ entries }) => entries.size > 0)?.place;
  if (wanted.length > 0) onProgress?.(0, wanted.length);
  try {
    await forEach(wanted, { atATime: concurrency, signal }, async (index) => {
      const began = now();
      const found = await readFacts(folder.path(index), decoding);
      const { stamp, sha256 } = found;
      if (stamp && Math.max(stamp.mtimeMs, stamp.ctimeMs) > began - COARSEST_TIME_MS) racy.add(index);
      if (sha256 !== undefined && (before?.[index]?.sha256 ?? sha256) !== sha256) silent.push(index);
      facts[index] = found;
      done++;
      onProgress?.(done, wanted.length);
      // Also where the clock was set back: by how much is not known.
      if (Math.abs(began - saved) < SAVE_EVERY_MS) return;
      saved = began;
      await save();
    });
  } finally {
    if (done > 0) {
      const last = await save();
      file = last.file ?? file;
      warnings.push(...last.warnings);
    }
  }
  return { facts, read: done, silent: silent.sort((a, b) => a - b), ...(file !== undefined && { file }), warnings };
}

// Beside the images first. Options that somebody chose have files of their own, so that two ways of reading do not take turns.
async function placesOf(
  directory: string,
  { options }: DecodingRules,
  cacheFolder: string | undefined,
): Promise<readonly string[]> {
  const chosen = JSON.stringify(options);
  const suffix = chosen === JSON.stringify(decodingRules({}).options) ? "" : `-${hashOf(chosen).slice(0, 8)}`;
  const beside = join(directory, `${NAME}${suffix}.jsonl`);
  if (cacheFolder === undefined) return [beside];
  return [beside, join(cacheFolder, `${hashOf(await files.realpath(directory)).slice(0, 24)}${suffix}.jsonl`)];
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

// As bytes, one character each.
function pathsBelow({ directory, length, path }: IndexedFolder): readonly string[] {
  const start = Buffer.byteLength(`${directory}/`);
  return Array.from({ length }, (_, index) => path(index).toString("latin1", start));
}

// What is known of the files that are as they were.
async function knownFacts(
  folder: IndexedFolder,
  paths: readonly string[],
  indexes: readonly { readonly entries: IndexEntries }[],
  signal: AbortSignal | undefined,
): Promise<(ImageFacts | undefined)[]> {
  const facts = new Array<ImageFacts | undefined>(paths.length).fill(undefined);
  const candidates = (index: number): readonly IndexEntry[] =>
    indexes.flatMap(({ entries }) => entries.get(paths[index]) ?? []);
  const known = [...paths.keys()].filter((index) => candidates(index).length > 0);
  await forEach(known, { atATime: STATS_AT_A_TIME, signal }, async (index) => {
    const stamp = await fileStamp(folder.path(index)).catch((): FileStamp | undefined => undefined);
    facts[index] = stamp && candidates(index).find((entry) => sameStamp(entry.stamp, stamp));
  });
  return facts;
}

function entriesOf(
  paths: readonly string[],
  facts: readonly (ImageFacts | undefined)[],
  racy: ReadonlySet<number>,
): IndexEntries {
  const entries = new Map<string, IndexEntry>();
  for (const [index, path] of paths.entries()) {
    const known = facts[index];
    if (known && isEntry(known) && !racy.has(index)) entries.set(path, known);
  }
  return entries;
}

function isEntry(facts: ImageFacts): facts is IndexEntry {
  return facts.stamp !== undefined && facts.sha256 !== undefined;
}

async function saveSomewhere(
  places: readonly string[],
  entries: IndexEntries,
  rules: DecodingRules,
  now: number,
): Promise<{ readonly file?: string; readonly warnings: readonly string[] }> {
  const reasons: string[] = [];
  for (const place of places) {
    try {
      await saveIndex(place, entries, rules, now);
      return { file: place, warnings: [] };
    } catch (error) {
      reasons.push(`${place}: ${writeErrorReason(error)}`);
    }
  }
  return { warnings: [`what was read could not be kept, and is read again next time: ${reasons.join("; ")}`] };
}

function decodeOptionsOf({ channels, maxPixels, bits, budget, colorProfile }: DecodeOptions): DecodeOptions {
  return {
    ...{ bits, colorProfile },
    ...(channels !== undefined && { channels }),
    ...(maxPixels !== undefined && { maxPixels }),
    ...(budget && { budget }),
  };
}

// No more is begun after a failure or when the signal comes; what was begun is waited for.
async function forEach(
  items: readonly number[],
  { atATime, signal }: { readonly atATime: number; readonly signal: AbortSignal | undefined },
  work: (item: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const line = async (): Promise<void> => {
    while (next < items.length && !failed) {
      signal?.throwIfAborted();
      await work(items[next++]).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const lines = await Promise.allSettled(Array.from({ length: Math.max(1, atATime) }, line));
  for (const one of lines) if (one.status === "rejected") throw one.reason;
}
