// Walks a folder for image files as a stream, links included but each real folder once. Names stay bytes (as Latin-1 text:
// one character a byte), so any file system name survives and sorting is by byte.
import { promises as files, type Dirent } from "node:fs";
import { fileErrorReason, isImageError } from "./image-error.ts";
import { readHead } from "./read-file.ts";
import { sniffImage } from "./sniff-image.ts";

export type ListedEntry = {
  /** Path below the folder, "/" between its parts, one character a byte. */
  readonly path: string;
  /** Folders are listed at the top level only; those that cannot be listed at every level. */
  readonly kind: "image" | "folder" | "other" | "closed";
  /** Why a file is no image, or a folder cannot be listed. */
  readonly reason?: string;
};

// Formats that the decoder refuses are listed as well: a folder of HEIC files deserves an error, not silence.
const imageNames =
  /\.(jpe?g|jpe|jfif|jif|pjpe?g|mpo|a?png|webp|gif|tiff?|avif|bmp|dib|p[bgpn]m|heic|heif|jxl|jp2|svg)$/i;
// What lies beside images by the thousand; other files are looked into.
const otherNames =
  /\.(txt|jsonl?|xml|[ct]sv|md|html?|ya?ml|py|log|zip|tar|t?gz|parquet|npy|npz|pth?|safetensors|mp4|avi|mov)$/i;
const systemFolders = /^(lost\+found|System Volume Information|\$RECYCLE\.BIN)$/i;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const litter = /^(\..*|Thumbs\.db|desktop\.ini|__MACOSX|@eaDir)$/i;

/**
 * Lists images below `root`, and the top folders: images by name, and by their first bytes where a name does not say. Skips names
 * that begin with a dot and other litter of file managers. Links to folders are followed after everything else, in byte order,
 * unless their target was listed already: loops end there. A folder below `root` that cannot be listed is an entry with its reason.
 * @throws the file system's error when `root` cannot be read, and the signal's reason.
 */
export async function* listImages(root: string, signal?: AbortSignal): AsyncGenerator<ListedEntry, void, void> {
  const seen = new Set<string>();
  const folders = [""];
  const links: string[] = [];
  for (;;) {
    const folder = folders.pop() ?? takeFirst(links);
    if (folder === undefined) return;
    try {
      const real = (await files.realpath(bytesPath(root, folder), { encoding: "buffer" })).toString("latin1");
      if (seen.has(real)) continue;
      seen.add(real);
      for await (const entry of await openFolder(bytesPath(root, folder))) {
        signal?.throwIfAborted();
        const name = (entry.name as unknown as Buffer).toString("latin1");
        if (isLitter(name)) continue;
        const path = folder === "" ? name : `${folder}/${name}`;
        const isFolder =
          entry.isDirectory() || (entry.isSymbolicLink() && (await leadsToFolder(bytesPath(root, path))));
        if (!isFolder) yield { path, ...(await kindOfFile(root, path, name)) };
        else if (isSystemFolder(name)) yield { path, kind: "closed", reason: "belongs to the file system" };
        else {
          (entry.isDirectory() ? folders : links).push(path);
          if (folder === "") yield { path, kind: "folder" };
        }
      }
    } catch (error) {
      if (folder === "" || !isClosed(error)) throw error;
      yield { path: folder, kind: "closed", reason: fileErrorReason(error) };
    }
  }
}

async function kindOfFile(root: string, path: string, name: string): Promise<Pick<ListedEntry, "kind" | "reason">> {
  if (isImageName(name)) return { kind: "image" };
  if (otherNames.test(name)) return { kind: "other", reason: "no image by its name" };
  try {
    const { name: type, supported } = sniffImage(await readHead(bytesPath(root, path)));
    return supported ? { kind: "image" } : { kind: "other", reason: type };
  } catch (error) {
    if (isImageError(error)) return { kind: "other", reason: error.reason };
    if (!isClosed(error)) throw error;
    return { kind: "other", reason: fileErrorReason(error) };
  }
}

// Not too many open files, which would leave images out by chance.
function isClosed(error: unknown): boolean {
  const codes = ["EACCES", "EPERM", "ENOENT", "ENOTDIR", "ELOOP", "EIO", "ESTALE", "ENXIO", "EISDIR", "ENAMETOOLONG"];
  return codes.includes((error as NodeJS.ErrnoException).code ?? "");
}

/** Whether a name is an image's. */
export function isImageName(name: string): boolean {
  return imageNames.test(name);
}

/** Whether a folder is the file system's own, as on every mounted disk. */
export function isSystemFolder(name: string): boolean {
  return systemFolders.test(name);
}

/** Whether a name is one that file managers and archives leave behind, or hidden. */
export function isLitter(name: string): boolean {
  return litter.test(name);
}

/** The path of a listed entry in bytes, as the file system wants it. */
export function bytesPath(root: string, path: string): Buffer {
  return path === "" ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, "latin1")]);
}

/** A listed path as text; where it is no UTF-8, bytes beyond ASCII are shown as `\xe9`, so that two names stay two. */
export function displayPath(path: string): string {
  try {
    return utf8.decode(Buffer.from(path, "latin1"));
  } catch {
    return path.replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
  }
}

// The types of Node 20 do not know that `encoding: "buffer"` works here as it does for readdir.
function openFolder(path: Buffer): Promise<AsyncIterable<Dirent>> {
  return files.opendir(path, { encoding: "buffer" as BufferEncoding });
}

async function leadsToFolder(path: Buffer): Promise<boolean> {
  try {
    return (await files.stat(path)).isDirectory();
  } catch {
    return false; // a link to nothing: listed, and reported when it is read
  }
}

function takeFirst(paths: string[]): string | undefined {
  if (paths.length === 0) return undefined;
  const first = paths.reduce((least, path) => (path < least ? path : least));
  paths.splice(paths.indexOf(first), 1);
  return first;
}
