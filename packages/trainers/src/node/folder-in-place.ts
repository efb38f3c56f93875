// A folder appears whole or not at all: it is filled under another name, flushed and renamed.
import { basename, dirname } from "node:path";
import type { CheckpointStorage } from "./checkpoint-files.ts";

/** Ends of the names that an interrupted write may leave. */
export const PARTIAL = ".partial";
export const REPLACED = ".replaced";

/** Makes a folder, or another in its place, with what `fill` puts into it. When it fails, all is as it was. */
export async function putFolder(
  path: string,
  fill: (folder: string) => Promise<void>,
  storage: CheckpointStorage,
): Promise<void> {
  const parent = dirname(path);
  const partial = path + PARTIAL;
  await storage.makeFolder(parent);
  try {
    await storage.makeFolder(partial);
    await fill(partial);
    await storage.syncFolder(partial);
    await putInPlace(partial, path, storage);
    await storage.syncFolder(parent);
  } catch (error) {
    await storage.remove(partial).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

// A folder cannot be renamed over another: the old one goes aside first, under a name that loading still finds.
async function putInPlace(partial: string, path: string, storage: CheckpointStorage): Promise<void> {
  const taken = (await storage.list(dirname(path))).includes(basename(path));
  if (!taken) return storage.rename(partial, path);
  await storage.rename(path, path + REPLACED);
  try {
    await storage.rename(partial, path);
  } catch (error) {
    await storage.rename(path + REPLACED, path).catch(() => {});
    throw error;
  }
  await storage.remove(path + REPLACED);
}
