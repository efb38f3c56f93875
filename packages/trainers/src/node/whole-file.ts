// A file appears whole or not at all: it is written under another name beside its own, flushed and renamed, and the folder is flushed,
// too. All that a command writes goes through here, so a killed one, a full disk or a power cut leave what was there before.
import { createHash } from "node:crypto";
import { promises as files } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { diskStorage, hasCode, writeAll } from "./checkpoint-files.ts";
import { isRunning, ownIdentity } from "./process-identity.ts";

export interface WholeFile {
  /** @param at where in the file; after what was written before by default */
  write(bytes: Uint8Array, at?: number): Promise<void>;
  /** Gives the file its name, in place of one that has it. */
  finish(): Promise<void>;
  /** Removes what was written, if it was not finished. */
  discard(): Promise<void>;
}

/** Text as UTF-8. @throws the file system's error; what was there is as it was */
export async function writeWholeFile(path: string, content: string | Uint8Array): Promise<void> {
  const file = await createWholeFile(path);
  try {
    await file.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
    await file.finish();
  } catch (error) {
    await file.discard().catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

/**
 * A file that is written bit by bit. A device or a pipe is written to as it is, and of a link what it points at is replaced.
 *
 * @throws the file system's error
 */
export async function createWholeFile(path: string): Promise<WholeFile> {
  const target = await placeOf(path);
  const there = await files.stat(target).catch(() => undefined);
  if (there?.isDirectory()) throw Object.assign(new Error(`${path} is a folder`), { code: "EISDIR" });
  if (there && (!there.isFile() || /^\/(dev|proc)\//.test(resolve(path)))) return inPlace(target);
  await sweepOnce(dirname(target));
  const partial = join(dirname(target), partialName(basename(target)));
  writing.add(partial);
  const handle = await files.open(partial, "wx").catch((error: unknown) => {
    writing.delete(partial);
    throw error;
  });
  let closed = false;
  const close = async () => {
    if (!closed) await handle.close();
    closed = true;
  };
  return {
    write: (bytes, at) => writeAll(handle, bytes, at),
    async finish() {
      if (there) await handle.chmod(there.mode & 0o777);
      await handle.sync();
      await close();
      await files.rename(partial, target);
      writing.delete(partial);
      await diskStorage.syncFolder(dirname(target));
    },
    async discard() {
      await close();
      if (writing.delete(partial)) await files.rm(partial, { force: true });
    },
  };
}

async function inPlace(path: string): Promise<WholeFile> {
  const handle = await files.open(path, "w");
  const close = () => handle.close().catch(() => {});
  return { write: (bytes, at) => writeAll(handle, bytes, at), finish: () => handle.close(), discard: close };
}

// A link may point at what is not there yet.
async function placeOf(path: string): Promise<string> {
  try {
    return await files.realpath(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    const link = await files.readlink(path).catch(() => undefined);
    return link === undefined ? path : resolve(dirname(path), link);
  }
}

// Files of this process that are being written, and folders that were looked through.
const writing = new Set<string>();
const swept = new Set<string>();
let writes = 0;
/** Of processes that cannot be asked: no write lasts so long. */
const LEFT_AFTER_MS = 86_400_000;
const partialFile = /\.([0-9a-f]{8})-(\d+)-\d+\.partial$/;

/** @internal A name beside a file's, for `use` to make something of it; what is left of that is removed, also where this process is killed. */
export async function withPartial<Result>(path: string, use: (partial: string) => Promise<Result>): Promise<Result> {
  const partial = join(dirname(path), partialName(basename(path)));
  writing.add(partial);
  try {
    await sweepOnce(dirname(path));
    return await use(partial);
  } finally {
    await files.rm(partial, { force: true }).catch(() => {});
    writing.delete(partial);
  }
}

// Its own name in front, cut so that all of it is short enough for every file system.
function partialName(name: string): string {
  return `${[...name].slice(0, 50).join("")}.${numbersSpace()}-${process.pid}-${writes++}.partial`;
}

/** Removes what killed writers have left in a folder. One that is still at work keeps its file. */
export async function sweepPartialFiles(folder: string): Promise<void> {
  for (const name of await diskStorage.list(folder)) {
    const [, space, pid] = partialFile.exec(name) ?? [];
    if (space === undefined) continue;
    const path = join(folder, name);
    if (writing.has(path) || !(await isLeft(path, space, Number(pid)))) continue;
    await files.rm(path, { force: true }).catch(() => {}); // another's, or on a disk that is read-only: no fault of this write
  }
}

async function isLeft(path: string, space: string, pid: number): Promise<boolean> {
  if (space === numbersSpace()) return pid === process.pid || !isRunning(pid);
  const stats = await files.stat(path).catch(() => undefined);
  // Both times are of the file system's clock where it has one.
  return stats !== undefined && (await clockOf(dirname(path))) - stats.mtimeMs > LEFT_AFTER_MS;
}

async function clockOf(folder: string): Promise<number> {
  return (await files.stat(folder)).mtimeMs;
}

async function sweepOnce(folder: string): Promise<void> {
  if (swept.has(folder)) return;
  swept.add(folder);
  await sweepPartialFiles(folder);
}

let space: string | undefined;

// Where this process's number means this process.
function numbersSpace(): string {
  if (space !== undefined) return space;
  const { host, boot = "", namespace = "" } = ownIdentity();
  const hash = createHash("sha256").update(JSON.stringify([host, boot, namespace]));
  return (space = hash.digest("hex").slice(0, 8));
}
