// Walks a folder for image files as a stream, links included but each real folder once. Names stay bytes (as Latin-1 text:
// one character a byte), so any file system name survives and sorting is by byte.
import { promises as files, type Dirent } from "node:fs";

export type ListedEntry = {
  /** Path below the folder, "/" between its parts, one character a byte. */
  readonly path: string;
  /** Folders are listed at the top level only. */
  readonly kind: "image" | "folder" | "other";
};

// Formats that the decoder refuses are listed as well: a folder of BMP files deserves an error, not silence.
const imageNames = /\.(jpe?g|jfif|png|webp|gif|tiff?|avif|bmp|p[bgpn]m|heic|heif|jxl|jp2|svg)$/i;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const litter = /^(\..*|Thumbs\.db|desktop\.ini|__MACOSX|@eaDir)$/i;

/**
 * Lists images below `root`, and the top folders. Skips names that begin with a dot and other litter of file managers. Links to
 * folders are followed after everything else, in byte order, unless their target was listed already: loops end there.
 * @throws the file system's error when a folder cannot be read, and the signal's reason.
 */
export async function* listImages(root: string, signal?: AbortSignal): AsyncGenerator<ListedEntry, void, void> {
  const seen = new Set<string>();
  const folders = [""];
  const links: string[] = [];
  for (;;) {
    const folder = folders.pop() ?? takeFirst(links);
    if (folder === undefined) return;
    const real = (await files.realpath(bytesPath(root, folder), { encoding: "buffer" })).toString("latin1");
    if (seen.has(real)) continue;
    seen.add(real);
    for await (const entry of await openFolder(bytesPath(root, folder))) {
      signal?.throwIfAborted();
      const name = (entry.name as unknown as Buffer).toString("latin1");
      if (isLitter(name)) continue;
      const path = folder === "" ? name : `${folder}/${name}`;
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await leadsToFolder(bytesPath(root, path))));
      if (isFolder) (entry.isDirectory() ? folders : links).push(path);
      if (!isFolder || folder === "")
        yield { path, kind: isFolder ? "folder" : imageNames.test(name) ? "image" : "other" };
    }
  }
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
