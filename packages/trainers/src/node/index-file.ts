// The file of an index of images: a line of JSON for each, a first one that says under which rules of decoding they were read, and a
// last one with a hash of all before it. Anybody may have written it: what is not as it should be makes it damaged, and no
// name in it is ever opened. Names are bytes (as Latin-1 text), so the file's text is UTF-8 where theirs is.
import { createHash } from "node:crypto";
import { constants, promises as files } from "node:fs";
import { basename, dirname } from "node:path";
import { diskStorage, hasCode } from "./checkpoint-files.ts";
import type { DecodingRules } from "./decode-image.ts";
import { fileErrorReason } from "./image-error.ts";
import type { FileStamp, ImageFacts } from "./image-facts.ts";
import { writeWholeFile } from "./whole-file.ts";

/** What is known of a file whose bytes were read. */
export type IndexEntry = ImageFacts & { readonly stamp: FileStamp; readonly sha256: string };

/** By path below the folder, one character a byte. */
export type IndexEntries = ReadonlyMap<string, IndexEntry>;

export type LoadedIndex = {
  readonly entries: IndexEntries;
  /** Why the file was not used, where it is damaged. */
  readonly damage?: string;
};

const FORMAT = "beitjs-image-index";
const VERSION = 2;
const fields = [
  "path",
  "size",
  "mtimeMs",
  "ctimeMs",
  "inode",
  "sha256",
  "width or problem",
  "height",
  "channels",
  "depth",
];
const MAX_BYTES = 2 ** 31 - 1;
const PARTIAL = ".partial";
const LEFT_AFTER_MS = 3_600_000;

/** Reads an index; without entries when there is none, or one made under other rules. */
export async function loadIndex(path: string, rules: DecodingRules): Promise<LoadedIndex> {
  const entries: IndexEntries = new Map();
  try {
    const bytes = await readWhole(path);
    return { entries: bytes ? decodeIndex(bytes, rules) : entries };
  } catch (error) {
    // Another user's, who keeps it to himself.
    if (hasCode(error, "EACCES")) return { entries };
    return { entries, damage: fileErrorReason(error) };
  }
}

/**
 * Writes an index under another name, and renames it when all of it is on the disk: whoever reads meanwhile, or writes too, has
 * a whole one.
 * @throws the file system's error
 */
export async function saveIndex(path: string, entries: IndexEntries, rules: DecodingRules, now: number): Promise<void> {
  const bytes = encodeIndex(entries, rules);
  await removeLeft(path, now);
  await diskStorage.makeFolder(dirname(path));
  await writeWholeFile(path, bytes);
}

function encodeIndex(entries: IndexEntries, rules: DecodingRules): Buffer {
  const line = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`, "latin1");
  const lines = [line({ format: FORMAT, version: VERSION, rules, fields })];
  for (const [path, { stamp, sha256, problem, width, height, channels, depth }] of entries) {
    if (problem !== undefined && !isSafe(problem)) continue;
    const { size, mtimeMs, ctimeMs, inode } = stamp;
    const found = problem === undefined ? [width, height, channels, depth] : [bytesAsText(problem)];
    lines.push(line([path, size, mtimeMs, ctimeMs, inode, sha256, ...found]));
  }
  const body = Buffer.concat(lines);
  return Buffer.concat([body, line({ files: lines.length - 1, sha256: hashOf(body) })]);
}

// Nothing of one that was made under other rules or by another version.
function decodeIndex(bytes: Buffer, rules: DecodingRules): IndexEntries {
  const end = bytes.length < 2 ? -1 : bytes.lastIndexOf("\n", -2);
  if (end < 0 || bytes.at(-1) !== 10) throw new Error("it is cut off");
  const body = bytes.subarray(0, end + 1);
  const footer = parse(bytes.toString("latin1", end + 1)) as { files?: unknown; sha256?: unknown } | null;
  if (footer?.sha256 !== hashOf(body)) throw new Error("its hash is not that of its content");
  const entries = new Map<string, IndexEntry>();
  let number = 0;
  for (const line of linesOf(body)) {
    const value = parse(line);
    if (number++ === 0) {
      const { format, version, rules: theirs } = (value ?? {}) as Record<string, unknown>;
      if (format !== FORMAT) throw new Error("it is no index of images");
      if (version !== VERSION || JSON.stringify(theirs) !== JSON.stringify(rules)) return new Map();
      continue;
    }
    const [path, entry] = entryOf(value) ?? [];
    if (path === undefined || !entry || entries.has(path)) throw new Error(`line ${number} is no image`);
    entries.set(path, entry);
  }
  if (footer.files !== entries.size) throw new Error("images are missing");
  return entries;
}

function entryOf(value: unknown): readonly [string, IndexEntry] | undefined {
  if (!Array.isArray(value)) return undefined;
  const [path, size, mtimeMs, ctimeMs, inode, sha256, found, height, channels, depth] = value as unknown[];
  const stamp = { size, mtimeMs, ctimeMs, inode };
  if (typeof path !== "string" || !Object.values(stamp).every(Number.isFinite)) return undefined;
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  const known = { stamp: stamp as FileStamp, sha256 };
  if (typeof found === "string") {
    const problem = textOfBytes(found);
    return isSafe(problem) ? [path, { ...known, problem }] : undefined;
  }
  if (!isSide(found) || !isSide(height) || !isSide(channels) || (depth !== 8 && depth !== 16)) return undefined;
  return [path, { ...known, width: found, height, channels, depth }];
}

function isSide(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

// A reason is shown to people.
function isSafe(reason: string): boolean {
  return reason.length < 1000 && !/\p{Cc}/u.test(reason);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

// Line by line: all together may be more than a string can hold.
function* linesOf(bytes: Buffer): Generator<string, void, void> {
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at);
    yield bytes.toString("latin1", at, end);
    at = end + 1;
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function bytesAsText(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function textOfBytes(text: string): string {
  return Buffer.from(text, "latin1").toString();
}

// Without blocking: what has the index's name may be a FIFO.
async function readWhole(path: string): Promise<Buffer | undefined> {
  let handle: files.FileHandle;
  try {
    handle = await files.open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return undefined;
    throw error;
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error("it is no file");
    if (stats.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

// What writers that were killed have left; one that is at work is younger.
async function removeLeft(path: string, now: number): Promise<void> {
  const folder = dirname(path);
  const left = (await diskStorage.list(folder)).filter(
    (name) => name.startsWith(`${basename(path)}.`) && name.endsWith(PARTIAL),
  );
  for (const name of left) {
    const stats = await files.stat(`${folder}/${name}`).catch(() => undefined);
    if (stats && now - stats.mtimeMs > LEFT_AFTER_MS) await files.rm(`${folder}/${name}`).catch(() => {});
  }
}
