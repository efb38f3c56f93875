// Downloaded files kept over visits, in a folder of the File System standard (fs.spec.whatwg.org). A file counts only once a
// sidecar with its address, size and SHA-256 was written, which is the last step: what a crash leaves behind is no file.
import { shownAddress } from "./address.ts";
import { FileError } from "./error.ts";
import { hashSource } from "./hash-source.ts";
import type { HashOptions } from "./hash-source.ts";
import { createSha256 } from "./sha256.ts";
import { blobSource } from "./source.ts";
import type { BlobLike, FileSource } from "./source.ts";
import { decodeUtf8, encodeUtf8 } from "../safetensors/utf8.ts";

/** What is known of a kept file; its address without what may be a secret, which `open` takes with the digest. */
export type CachedFile = { readonly url: string; readonly size: number; readonly sha256: string };

export type CacheOpenOptions = HashOptions & {
  /** The only digest that will do; another one is stale. */
  readonly sha256?: string | undefined;
};

export interface CacheWriter {
  write(chunk: Uint8Array): Promise<void>;
  /** Keeps what was written under its digest and gives it back. */
  commit(sha256: string): Promise<FileSource>;
  /** Drops what was written. */
  abort(): Promise<void>;
}

export interface FileCache {
  /** The file kept for this address after all its bytes were checked; a damaged or stale one is removed. */
  open(url: string, options?: CacheOpenOptions): Promise<FileSource | undefined>;
  create(url: string): Promise<CacheWriter>;
  /** Removes the file; whether there was one. */
  delete(url: string): Promise<boolean>;
  list(): Promise<ReadonlyArray<CachedFile>>;
}

/** The parts of `FileSystemFileHandle` and `FileSystemDirectoryHandle` that a cache uses. */
export interface FileHandleLike {
  getFile(): Promise<BlobLike>;
  createWritable(): Promise<{ write(data: Uint8Array): Promise<void>; close(): Promise<void>; abort(): Promise<void> }>;
}
export interface DirectoryLike {
  getFileHandle(name: string, options?: { create?: boolean }): Promise<FileHandleLike>;
  removeEntry(name: string): Promise<void>;
  keys(): AsyncIterable<string>;
}

/** `file` is the name of the data in the folder; `key` stands for the whole address, of which `url` may lack the query. */
type Sidecar = CachedFile & { readonly file: string; readonly key: string };

/** A cache in a folder that nothing else writes to. */
export function createFileCache(directory: DirectoryLike): FileCache {
  const remove = async ({ key, file }: Sidecar): Promise<void> => {
    await removeQuietly(directory, `${key}.json`);
    await removeQuietly(directory, file);
  };
  const all = async (): Promise<Sidecar[]> => {
    const found: Sidecar[] = [];
    for (const name of await sidecarNames(directory)) {
      const sidecar = await readSidecar(directory, name);
      if (sidecar !== undefined) found.push(sidecar);
    }
    return found;
  };
  // By the whole address, else by what a list says of a file.
  const find = async (url: string, sha256?: string): Promise<Sidecar | undefined> => {
    const own = await readSidecar(directory, `${keyOf(url)}.json`);
    if (own !== undefined || !url.endsWith("?…")) return own;
    return (await all()).find((one) => one.url === url && (sha256 ?? one.sha256) === one.sha256);
  };
  return {
    async open(url, options = {}) {
      const sidecar = await find(url, options.sha256?.toLowerCase());
      if (sidecar === undefined) return undefined;
      const source = await openData(directory, url, sidecar);
      const wanted = options.sha256?.toLowerCase() ?? sidecar.sha256;
      const sound = source !== undefined && wanted === sidecar.sha256 && source.size === sidecar.size;
      if (sound && (await digestOf(source, options)) === wanted) return source;
      await remove(sidecar);
      return undefined;
    },
    create: (url) => createWriter(directory, url),
    async delete(url) {
      const sidecar = await find(url);
      if (sidecar !== undefined) await remove(sidecar);
      return sidecar !== undefined;
    },
    async list() {
      const files = (await all()).map(({ url, size, sha256 }) => ({ url, size, sha256 }));
      return files.sort((a, b) => (a.url < b.url ? -1 : 1));
    },
  };
}

/** Undefined where the bytes cannot be read: a damaged file is downloaded again, an aborted check is not. */
async function digestOf(source: FileSource, options: HashOptions): Promise<string | undefined> {
  try {
    return await hashSource(source, options);
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

async function createWriter(directory: DirectoryLike, url: string): Promise<CacheWriter> {
  const writing = <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      throw new FileError(
        "Write",
        `[openUrl] expected to keep ${shownAddress(url)} in the cache, got ${String(cause)}`,
        { cause },
      );
    });
  const file = await writing(freeName(directory, keyOf(url)));
  const handle = await writing(directory.getFileHandle(file, { create: true }));
  const stream = await writing(handle.createWritable());
  let size = 0;
  return {
    async write(chunk) {
      await writing(stream.write(chunk));
      size += chunk.length;
    },
    async commit(sha256) {
      await writing(stream.close());
      const before = await readSidecar(directory, `${keyOf(url)}.json`);
      await writing(writeSidecar(directory, { url: shownAddress(url), size, sha256, file, key: keyOf(url) }));
      if (before !== undefined && before.file !== file) await removeQuietly(directory, before.file);
      return blobSource(await handle.getFile(), shownAddress(url));
    },
    async abort() {
      await stream.abort().catch(() => undefined);
      await removeQuietly(directory, file);
    },
  };
}

async function writeSidecar(directory: DirectoryLike, sidecar: Sidecar): Promise<void> {
  const handle = await directory.getFileHandle(`${sidecar.key}.json`, { create: true });
  const stream = await handle.createWritable();
  await stream.write(encodeUtf8(JSON.stringify(sidecar)));
  await stream.close();
}

/** Removes data that no sidecar names, such as a download that a closed tab left. */
export async function removeLeftovers(directory: DirectoryLike): Promise<void> {
  const used = new Set<string>();
  for (const name of await sidecarNames(directory)) {
    used.add(name);
    const sidecar = await readSidecar(directory, name);
    if (sidecar !== undefined) used.add(sidecar.file);
  }
  for (const name of await namesOf(directory)) if (!used.has(name)) await removeQuietly(directory, name);
}

async function openData(directory: DirectoryLike, url: string, { file }: Sidecar): Promise<FileSource | undefined> {
  try {
    return blobSource(await (await directory.getFileHandle(file)).getFile(), shownAddress(url));
  } catch {
    return undefined;
  }
}

/** Undefined where there is none, or one that does not say what it should. */
async function readSidecar(directory: DirectoryLike, name: string): Promise<Sidecar | undefined> {
  try {
    const blob = await (await directory.getFileHandle(name)).getFile();
    const bytes = new Uint8Array(await blob.slice(0, blob.size).arrayBuffer());
    const { url, size, sha256, file, key } = JSON.parse(decodeUtf8(bytes) ?? "") as Partial<Sidecar>;
    const whole = typeof url === "string" && typeof file === "string" && typeof sha256 === "string";
    return whole && Number.isSafeInteger(size) && typeof key === "string" && name === `${key}.json`
      ? { url, size: size as number, sha256, file, key }
      : undefined;
  } catch {
    return undefined;
  }
}

async function removeQuietly(directory: DirectoryLike, name: string): Promise<void> {
  // Gone already, or open in another tab, which will find it unnamed.
  await directory.removeEntry(name).catch(() => undefined);
}

async function namesOf(directory: DirectoryLike): Promise<string[]> {
  const names: string[] = [];
  for await (const name of directory.keys()) names.push(name);
  return names;
}

async function sidecarNames(directory: DirectoryLike): Promise<string[]> {
  return (await namesOf(directory)).filter((name) => name.endsWith(".json"));
}

/** Data never takes a name in use: another tab may be reading or writing it. */
async function freeName(directory: DirectoryLike, key: string): Promise<string> {
  const names = new Set(await namesOf(directory));
  for (let n = 0; ; n++) if (!names.has(`${key}.${n}`)) return `${key}.${n}`;
}

/** Addresses hold characters that file names may not. */
function keyOf(url: string): string {
  const hash = createSha256();
  hash.update(encodeUtf8(url));
  return hash.digest();
}
