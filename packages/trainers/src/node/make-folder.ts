// Folders for what is written. On a read-only file system Node answers to `mkdir -p` that the folder above is not there (ENOENT);
// it is asked again for one folder alone, which tells why it cannot be made.
import * as files from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder and those above it, if they are not there.
 *
 * @throws the system's error, with the reason as its code
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await files.mkdir(path, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    await makeFirstMissing(resolve(path));
    throw error;
  }
}

async function makeFirstMissing(path: string): Promise<void> {
  const above = dirname(path);
  if (above === path) return;
  const isThere = await files.stat(above).then(
    () => true,
    () => false,
  );
  if (isThere) await files.mkdir(path);
  else await makeFirstMissing(above);
}
