// Files of a disk as sources: positioned reads, never the whole file.
import { nodeModule, type FileHandle } from "../host.ts";
import { FileError } from "./error.ts";
import { checkedSource } from "./source.ts";
import type { FileSource } from "./source.ts";

export type OpenFile = FileSource & {
  /** Gives the file back to the system; later reads fail. */
  close(): Promise<void>;
};

/** No system call reads 2 GiB at once. */
const partBytes = 1 << 30;

/**
 * Opens a file for reading in ranges, of any size.
 *
 * ```ts
 * const file = await openFile("model.safetensors");
 * const { tensors } = await openTensors(file);
 * await file.close();
 * ```
 * @throws FileError "Missing" or "Read" with the path, for what is not there, not a file or not allowed
 */
export async function openFile(path: string): Promise<OpenFile> {
  const { open, stat } = nodeModule("node:fs/promises");
  const failed = (cause: unknown): never => {
    throw fileFault("openFile", path, cause);
  };
  // Before it is opened: a pipe that nobody writes to would never open.
  const kind = await stat(path).catch(failed);
  if (!kind.isFile()) {
    const got = kind.isDirectory() ? "a directory" : "no regular file";
    throw new FileError("Read", `[openFile] expected a file, got ${got}: ${path}`);
  }
  const handle = await open(path, "r").catch(failed);
  try {
    const { size } = await handle.stat();
    const source = checkedSource(path, size, (start, end) => readParts(handle, path, start, end));
    return { ...source, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readParts(handle: FileHandle, path: string, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  let filled = 0;
  while (filled < bytes.length) {
    const length = Math.min(partBytes, bytes.length - filled);
    const { bytesRead } = await handle.read(bytes, filled, length, start + filled).catch((cause: unknown) => {
      throw fileFault("read", path, cause);
    });
    // The file became shorter: the caller says so, with the numbers.
    if (bytesRead === 0) return bytes.subarray(0, filled);
    filled += bytesRead;
  }
  return bytes;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "a path through something that is no directory",
  EISDIR: "a directory",
  EACCES: "no permission to read it",
  EPERM: "no permission to read it",
  EMFILE: "too many open files",
  EIO: "an error of the disk",
  EBADF: "a file that was closed",
};

function fileFault(where: string, path: string, cause: unknown): FileError {
  const { code = "", message } = cause as { readonly code?: string; readonly message: string };
  const missing = code === "ENOENT" || code === "ENOTDIR";
  const got = reasons[code] ?? message;
  return new FileError(
    missing ? "Missing" : "Read",
    `[${where}] expected a file that can be read, got ${got}: ${path}`,
    {
      cause,
    },
  );
}
