// The best checkpoint of a validated run, <run>/checkpoints/best: the files of the one that was best, kept whatever becomes of that.
import { basename, dirname, join } from "node:path";
import type { Manifest } from "../checkpoint.ts";
import { diskStorage, type CheckpointStorage } from "./checkpoint-files.ts";
import { discardFolder, putFolder, REPLACED } from "./folder-in-place.ts";

const BEST = "best";
const LAST = "last";

/** Keeps a checkpoint of a run as its best. A second name for its files: it takes no place until the first is removed. */
export async function keepBest(
  run: string,
  checkpoint: string,
  storage: CheckpointStorage = diskStorage,
): Promise<string> {
  const path = join(run, "checkpoints", BEST);
  const fill = async (folder: string) => {
    for (const name of await storage.list(checkpoint)) await storage.link(join(checkpoint, name), join(folder, name));
  };
  await putFolder(path, fill, storage);
  return path;
}

/** Where the best checkpoint of a run is, and of which step; undefined without one. Its files are not looked at further. */
export async function bestCheckpoint(
  run: string,
  storage: CheckpointStorage = diskStorage,
): Promise<{ readonly path: string; readonly step: number } | undefined> {
  for (const name of [BEST, BEST + REPLACED]) {
    const path = join(run, "checkpoints", name);
    if (!(await storage.list(path)).includes("manifest.json")) continue;
    return { path, step: (await manifestOf(path, storage)).step ?? NaN };
  }
  return undefined;
}

/** Removes the best checkpoint of a later step, as of a past that was left. */
export async function removeBestAfter(run: string, step: number, storage: CheckpointStorage): Promise<void> {
  const known = await bestCheckpoint(run, storage);
  if (known && known.step > step) await discardFolder(known.path, storage);
}

/** The run whose newest checkpoint `<run>/checkpoints/last` stands for; there is no folder of that name. */
export function runOfLast(path: string): string | undefined {
  const folder = dirname(path);
  return basename(path) === LAST && basename(folder) === "checkpoints" ? dirname(folder) : undefined;
}

/** Keeps the best checkpoint where a save ended after the checkpoint itself, which says so. */
export async function finishBest(run: string, newest: string, storage: CheckpointStorage): Promise<void> {
  const { step, validation } = await manifestOf(newest, storage);
  if (step === undefined || validation?.best?.step !== step) return;
  const known = await bestCheckpoint(run, storage);
  if (known?.step !== step) await keepBest(run, newest, storage);
}

// Of a manifest that cannot be read nothing is known: loading says what is wrong with it.
async function manifestOf(checkpoint: string, storage: CheckpointStorage): Promise<Partial<Manifest>> {
  try {
    const bytes = await storage.readFile(join(checkpoint, "manifest.json"));
    return (JSON.parse(new TextDecoder().decode(bytes)) ?? {}) as Partial<Manifest>;
  } catch {
    return {};
  }
}
