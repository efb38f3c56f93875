// Checkpoints on disk: <run>/checkpoints/step-000500/ with model, optimizer, manifest and the manifest's hash. Written
// under a temporary name, flushed and renamed, so that a folder with a checkpoint's name is always a whole checkpoint.
import { join } from "node:path";
import {
  CHECKPOINT_FORMAT,
  CHECKPOINT_VERSION,
  decodeCheckpoint,
  encodeCheckpoint,
  encodeFork,
  sha256,
  type CheckpointFiles,
  type CheckpointInfo,
  type DecodedCheckpoint,
} from "../checkpoint.ts";
import type { TrainingState } from "../update.ts";
import { finishBest, keepBest, removeBestAfter, runOfLast } from "./best-checkpoint.ts";
import { diskStorage, hasCode, writeErrorReason, type CheckpointStorage } from "./checkpoint-files.ts";
import { discardFolder, putFolder, sweepFolders } from "./folder-in-place.ts";

export type SaveCheckpointOptions = {
  /** How many checkpoints to keep, the new one included, Infinity for all; 2 by default, so that a damaged one has a good one behind it. */
  readonly keep?: number;
  /** Keep it as `checkpoints/best`, too. */
  readonly best?: boolean;
  readonly storage?: CheckpointStorage;
};

export type LoadedCheckpoint = DecodedCheckpoint & {
  readonly path: string;
  /** Newer checkpoints that could not be used, and why. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
};

const MANIFEST = "manifest.json";
const MANIFEST_HASH = "manifest.sha256";
/** What a step leaves that went wrong, beside the checkpoints. */
const REPLAY = "replay";
const checkpointName = /^step-(\d{6,})(\.replaced)?$/;

/**
 * Saves a training state as `<run>/checkpoints/step-<step>` and removes checkpoints beyond `keep`, of later steps (a run
 * that went back in time), a best one among them, and what interrupted writes have left. One process at a time: hold the run's lock.
 *
 * @returns the checkpoint's path
 * @throws naming the path and what to do when it cannot be written; the checkpoints before are as they were
 *
 * @example
 * for await (const { step, state } of pretrain(options)) if (step % 500 === 0) await saveCheckpoint("runs/beit", state, info(step));
 */
export async function saveCheckpoint<Params>(
  run: string,
  state: TrainingState<Params>,
  info: CheckpointInfo,
  { keep = 2, best = false, storage = diskStorage }: SaveCheckpointOptions = {},
): Promise<string> {
  if (!((Number.isInteger(keep) || keep === Infinity) && keep >= 1))
    throw new RangeError(`[saveCheckpoint] expected keep of at least 1, got ${keep}`);
  const path = pathOf(run, info);
  const files = await encodeCheckpoint(state, info);
  try {
    await sweepFolders(checkpointsOf(run), storage);
    await writeCheckpoint(path, files, storage);
    if (best) await keepBest(run, path, storage);
    const existing = await listCheckpoints(run, storage);
    const past = existing.filter(({ step }) => step <= info.step);
    const left = existing.filter(({ step }) => step > info.step);
    if (left.length > 0 && !best) await removeBestAfter(run, info.step, storage);
    for (const old of [...left, ...past.slice(keep)]) await discardFolder(old.path, storage);
  } catch (cause) {
    throw new Error(`[saveCheckpoint] could not write ${path}: ${writeErrorReason(cause)}`, { cause });
  }
  return path;
}

/**
 * Saves the state of a checkpoint of another run as the first one of a run of its own.
 *
 * @param options.average whether the run averages its weights
 * @throws as `saveCheckpoint`
 */
export async function saveFork(
  run: string,
  checkpoint: DecodedCheckpoint,
  info: CheckpointInfo,
  options: { readonly average: boolean; readonly storage?: CheckpointStorage },
): Promise<string> {
  const { average, storage = diskStorage } = options;
  const path = pathOf(run, info);
  const files = await encodeFork(checkpoint, info, { average });
  try {
    await writeCheckpoint(path, files, storage);
  } catch (cause) {
    throw new Error(`[saveCheckpoint] could not write ${path}: ${writeErrorReason(cause)}`, { cause });
  }
  return path;
}

function pathOf(run: string, { step }: { readonly step: number }): string {
  return join(checkpointsOf(run), `step-${String(step).padStart(6, "0")}`);
}

/**
 * Removes what interrupted writes have left in a run folder, and finishes a save that had not kept its best yet. Only for the holder of the run's lock: to another process
 * a leftover looks like a write in progress.
 */
export async function cleanCheckpoints(run: string, storage: CheckpointStorage = diskStorage): Promise<void> {
  await sweepFolders(checkpointsOf(run), storage);
  await sweepFolders(run, storage, (name) => name === REPLAY);
  const [newest] = await listCheckpoints(run, storage);
  if (newest) await finishBest(run, newest.path, storage);
}

async function writeCheckpoint(path: string, files: CheckpointFiles, storage: CheckpointStorage): Promise<void> {
  await putFolder(path, (folder) => fillCheckpoint(folder, files, storage), storage);
}

/** @internal The files of a checkpoint in a folder that is there. */
export async function fillCheckpoint(
  folder: string,
  files: CheckpointFiles,
  storage: CheckpointStorage,
): Promise<void> {
  const manifest = files.get(MANIFEST) as Uint8Array;
  const hash = new TextEncoder().encode(`${await sha256(manifest)}  ${MANIFEST}\n`);
  for (const [name, bytes] of files) await storage.writeFile(join(folder, name), bytes);
  await storage.writeFile(join(folder, MANIFEST_HASH), hash);
}

/** Checkpoints of a run, newest first; none where there is no such folder. Their contents are not looked at. */
export async function listCheckpoints(
  run: string,
  storage: CheckpointStorage = diskStorage,
): Promise<{ readonly path: string; readonly step: number }[]> {
  const names = await storage.list(checkpointsOf(run));
  return names
    .filter((name) => checkpointName.test(name))
    .map((name) => ({ path: join(checkpointsOf(run), name), step: Number(checkpointName.exec(name)?.[1]), name }))
    .sort((a, b) => b.step - a.step || a.name.length - b.name.length)
    .map(({ path, step }) => ({ path, step }));
}

/**
 * Reads a checkpoint: a checkpoint's own folder, or a run's, of which the newest good one is taken (as `<run>/checkpoints/last`).
 *
 * @throws if there is none, if it is damaged (with a run folder: if all are), or if it is another program's or version's
 */
export async function loadCheckpoint(
  path: string,
  storage: CheckpointStorage = diskStorage,
): Promise<LoadedCheckpoint> {
  if ((await storage.list(path)).includes(MANIFEST))
    return { ...(await readCheckpoint(path, storage)), path, skipped: [] };
  const candidates = await listCheckpoints(runOfLast(path) ?? path, storage);
  if (candidates.length === 0) {
    throw new Error(
      `[loadCheckpoint] expected a checkpoint or a run folder, got ${path} without ${MANIFEST} and without checkpoints/step-*`,
    );
  }
  const skipped: { path: string; reason: string }[] = [];
  for (const candidate of candidates) {
    try {
      return { ...(await readCheckpoint(candidate.path, storage)), path: candidate.path, skipped };
    } catch (error) {
      if (!(error instanceof DamagedCheckpointError)) throw error;
      skipped.push({ path: candidate.path, reason: error.reason });
    }
  }
  const lines = skipped.map((one) => `${one.path}: ${one.reason}`);
  throw new Error(`[loadCheckpoint] expected a good checkpoint in ${path}, got only damaged ones: ${lines.join("; ")}`);
}

class DamagedCheckpointError extends Error {
  readonly reason: string;

  constructor(path: string, reason: string, cause?: unknown) {
    super(`[loadCheckpoint] ${path} is damaged: ${reason}`, cause === undefined ? {} : { cause });
    this.reason = reason;
  }
}

async function readCheckpoint(path: string, storage: CheckpointStorage): Promise<DecodedCheckpoint> {
  const files = await readFiles(path, storage);
  const manifest = files.get(MANIFEST);
  const hash = files.get(MANIFEST_HASH);
  if (manifest && hash) {
    const [expected, got] = [new TextDecoder().decode(hash).slice(0, 64), await sha256(manifest)];
    if (expected !== got)
      throw new DamagedCheckpointError(path, `expected ${MANIFEST} with SHA-256 ${expected}, got ${got}`);
  }
  if (manifest) refuseForeign(path, manifest);
  if (!hash) throw new DamagedCheckpointError(path, `expected ${MANIFEST_HASH}, got none`);
  try {
    return await decodeCheckpoint(files);
  } catch (error) {
    throw new DamagedCheckpointError(path, (error as Error).message.replace("[loadCheckpoint] ", ""), error);
  }
}

async function readFiles(path: string, storage: CheckpointStorage): Promise<CheckpointFiles> {
  const files = new Map<string, Uint8Array>();
  for (const name of await storage.list(path)) {
    if (name !== MANIFEST && name !== MANIFEST_HASH && !name.endsWith(".safetensors")) continue;
    try {
      files.set(name, await storage.readFile(join(path, name)));
    } catch (cause) {
      const { message } = cause as Error;
      // A disk that cannot read this file may still hold the checkpoint before it; a missing right concerns them all.
      if (hasCode(cause, "EACCES"))
        throw new Error(`[loadCheckpoint] could not read ${join(path, name)}: ${message}`, { cause });
      throw new DamagedCheckpointError(path, `could not read ${name}: ${message}`, cause);
    }
  }
  return files;
}

// An intact manifest of another format is no damage: falling back to an older checkpoint would hide what is wrong.
function refuseForeign(path: string, bytes: Uint8Array): void {
  let manifest: { readonly format?: unknown; readonly version?: unknown } | null;
  try {
    manifest = JSON.parse(new TextDecoder().decode(bytes)) as typeof manifest;
  } catch {
    return; // decodeCheckpoint reports it
  }
  if (manifest?.format !== CHECKPOINT_FORMAT) {
    throw new Error(
      `[loadCheckpoint] expected ${path} of format ${CHECKPOINT_FORMAT}, got ${String(manifest?.format ?? "another")}`,
    );
  }
  if (manifest.version !== CHECKPOINT_VERSION) {
    const hint = "it was written by another version of beitjs";
    throw new Error(
      `[loadCheckpoint] expected ${path} of version ${CHECKPOINT_VERSION}, got ${String(manifest.version)}: ${hint}`,
    );
  }
}

function checkpointsOf(run: string): string {
  return join(run, "checkpoints");
}
