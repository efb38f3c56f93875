// The file operations behind checkpoints, few enough that a test can make each of them fail. Files are flushed before
// they are renamed, and folders after, so that a name never stands for bytes that a power cut has lost.
import { promises as files } from "node:fs";
import { makeFolder } from "./make-folder.ts";

export interface CheckpointStorage {
  /** Creates a folder and its parents. */
  makeFolder(path: string): Promise<void>;
  /** Creates a file, which must not exist, with all its bytes on the disk. */
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  /** Gives a file that is never changed a second name; a copy where the disk has no such thing. */
  link(from: string, to: string): Promise<void>;
  /** Puts the names in a folder on the disk. */
  syncFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a folder and what is in it; no error where there is none. */
  remove(path: string): Promise<void>;
  /** Names in a folder; none where there is no folder. */
  list(path: string): Promise<string[]>;
  readFile(path: string): Promise<Uint8Array>;
}

// Node refuses to read or write more than 2 GiB in one call.
const CHUNK = 2 ** 30;

const unflushable = ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EISDIR", "EBADF", "EACCES", "EPERM"];

/** Checkpoints on the file system. */
export const diskStorage: CheckpointStorage = {
  makeFolder,
  async writeFile(path, bytes) {
    const handle = await files.open(path, "wx");
    try {
      await writeAll(handle, bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async link(from, to) {
    try {
      await files.link(from, to);
    } catch (error) {
      if (hasCode(error, "ENOSPC") || hasCode(error, "ENOENT")) throw error;
      await diskStorage.writeFile(to, await diskStorage.readFile(from));
    }
  },
  async syncFolder(path) {
    if (process.platform === "win32") return; // folders cannot be opened there
    try {
      const handle = await files.open(path, "r");
      await handle.sync().finally(() => handle.close());
    } catch (error) {
      // Not every file system flushes folders, and one may be written to that cannot be read.
      if (!unflushable.some((code) => hasCode(error, code))) throw error;
    }
  },
  rename: (from, to) => files.rename(from, to),
  remove: (path) => files.rm(path, { recursive: true, force: true }),
  async list(path) {
    try {
      return await files.readdir(path);
    } catch (error) {
      if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return [];
      throw error;
    }
  },
  async readFile(path) {
    const handle = await files.open(path, "r");
    try {
      const { size } = await handle.stat();
      const bytes = new Uint8Array(size);
      for (let at = 0; at < size;) {
        const { bytesRead } = await handle.read(bytes, at, Math.min(CHUNK, size - at));
        if (bytesRead === 0) return bytes.subarray(0, at);
        at += bytesRead;
      }
      return bytes;
    } finally {
      await handle.close();
    }
  },
};

/** All bytes, however many calls it takes. @param at where in the file; where its end is by default */
export async function writeAll(handle: files.FileHandle, bytes: Uint8Array, at?: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    const place = at === undefined ? null : at + done;
    done += (await handle.write(bytes, done, Math.min(CHUNK, bytes.byteLength - done), place)).bytesWritten;
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === code;
}

/** Why a write failed and what to do about it, in words. */
export function writeErrorReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ENOSPC: "no space left on the device; free some, or take a folder on another one",
    EDQUOT: "the disk quota is used up; free some space, or take another folder",
    EROFS: "the file system is read-only; take another folder",
    EACCES: "no permission to write there; change the permissions, or take another folder",
    ENOENT: "the folder is not there; make it, or take another one",
    EPERM: "writing there is not permitted; change the permissions, or take another folder",
    EFBIG: "the file would be larger than this process may write; raise the limit, or take another folder",
    EIO: "the device reported an error; check the disk, and take a folder on another one",
    ENOTDIR: "a part of the path is a file; take another folder",
  };
  return (code && reasons[code]) || message;
}
