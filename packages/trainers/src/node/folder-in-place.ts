// A folder appears whole or not at all: it is filled under another name, flushed and renamed.
import { basename, dirname, join } from "node:path";
import type { CheckpointStorage } from "./checkpoint-files.ts";

/** Ends of the names that an interrupted write may leave. */
const PARTIAL = ".partial";
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
    await storage.remove(partial); // of an earlier write that was killed
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
  await discardFolder(path + REPLACED, storage);
}

/** Removes a folder under another name: half of it never has its own. */
export async function discardFolder(path: string, storage: CheckpointStorage): Promise<void> {
  await storage.rename(path, path + PARTIAL);
  await storage.remove(path + PARTIAL);
}

/** Removes what interrupted writes have left of some names in a folder, and puts back what was moved aside. */
export async function sweepFolders(
  folder: string,
  storage: CheckpointStorage,
  isOurs: (name: string) => boolean = () => true,
): Promise<void> {
  const names = await storage.list(folder);
  for (const name of names) {
    if (name.endsWith(PARTIAL) && isOurs(withoutEndings(name))) await storage.remove(join(folder, name));
    if (!name.endsWith(REPLACED) || !isOurs(withoutEndings(name))) continue;
    const original = name.slice(0, -REPLACED.length);
    if (names.includes(original)) await storage.remove(join(folder, name));
    else await storage.rename(join(folder, name), join(folder, original));
  }
}

function withoutEndings(name: string): string {
  return name.replace(/(\.partial|\.replaced)+$/, "");
}
