// The cache of downloads in a browser: a folder of the page's origin-private file system, which no other site sees.
import { createFileCache, removeLeftovers } from "./cache.ts";
import type { DirectoryLike, FileCache } from "./cache.ts";

// No ECMAScript library file names them, and not every host has them.
declare const navigator:
  | {
      readonly storage?: {
        getDirectory?(): Promise<{
          getDirectoryHandle(name: string, options: { create: true }): Promise<DirectoryLike>;
        }>;
      };
    }
  | undefined;
type Host = { readonly FileSystemFileHandle?: { readonly prototype: object } };

/**
 * The cache named `name`, or undefined where a host has none: Node, insecure pages, private windows of some browsers.
 *
 * ```ts
 * const cache = await openFileCache();
 * const source = await openUrl(url, { sha256, ...(cache && { cache }) });
 * ```
 */
export async function openFileCache(name = "beitjs"): Promise<FileCache | undefined> {
  const storage = typeof navigator === "undefined" ? undefined : navigator.storage;
  // Older Safari has the folder but writes to it in workers only, by other means.
  const handles = (globalThis as Host).FileSystemFileHandle?.prototype;
  if (storage?.getDirectory === undefined || handles === undefined || !("createWritable" in handles)) return undefined;
  try {
    const root = await storage.getDirectory();
    const directory = await root.getDirectoryHandle(name, { create: true });
    await removeLeftovers(directory);
    return createFileCache(directory);
  } catch {
    return undefined;
  }
}
