// A model in a folder whose files are known by path: one on a disk, or one that was dropped on a page.
import { checkpointDamage, isCheckpointManifest } from "./checkpoint-files.ts";
import { FileError } from "./error.ts";
import { checkpointsAmong, checkpointWeights, manifestName, partsAmong } from "./model-files.ts";
import type { FileSource } from "./source.ts";

export type ListedFolder = {
  /** For messages. */
  readonly name: string;
  /** Of its files, with slashes, relative to it. */
  readonly paths: readonly string[];
  /** Opens one of them; who opened the folder closes it. */
  open(path: string): Promise<FileSource>;
};

export type FoundModel = {
  readonly sources: readonly FileSource[];
  /** Where it was found: the folder, or of a run its checkpoint. */
  readonly name: string;
  /** Newer checkpoints that were passed over. */
  readonly skipped: readonly SkippedCheckpoint[];
};

export type SkippedCheckpoint = { readonly path: string; readonly reason: string };

/**
 * The files of the model in a folder; of a run of ours, its best checkpoint if it has one, or the newest, of those that are good.
 *
 * @throws FileError "Missing" where nothing could be one, "Format" for several runs, "Checksum" for nothing but damage
 */
export async function modelInFolder(folder: ListedFolder): Promise<FoundModel> {
  const checkpoints = checkpointsAmong(folder.paths);
  const parts = partsAmong(folder.paths).filter((path) => !checkpoints.some((one) => path.startsWith(one.folder)));
  const described = parts.find((path) => path.endsWith(manifestName));
  if (described !== undefined) {
    const checkpoint = await checkpointBy(folder, described);
    if (checkpoint) return checkpoint;
  }
  if (checkpoints.length === 0) {
    const own = parts.filter((path) => path !== described);
    if (own.length > 0) return found(folder, own);
    const message = `[openSources] expected a run folder or the files of a model, got none that could be one: ${folder.name}`;
    throw new FileError("Missing", message);
  }
  const runs = [...new Set(checkpoints.map(({ run }) => run))];
  if (runs.length > 1) {
    throw new FileError(
      "Format",
      `[openSources] expected one run in ${folder.name}, got ${runs.length}: ${runs.join(", ")}`,
    );
  }
  const skipped: SkippedCheckpoint[] = [];
  for (const { folder: place } of checkpoints) {
    const { sources, reason } = await openCheckpoint(folder, place);
    const path = under(folder, place.slice(0, -1));
    if (reason === undefined) return { sources, name: path, skipped };
    skipped.push({ path, reason });
  }
  const lines = skipped.map(({ path, reason }) => `${path}: ${reason}`).join("; ");
  throw new FileError(
    "Checksum",
    `[openSources] expected a good checkpoint in ${folder.name}, got only damaged ones: ${lines}`,
  );
}

// A manifest.json may be a checkpoint's, or belong to some other program.
async function checkpointBy(folder: ListedFolder, path: string): Promise<FoundModel | undefined> {
  if (!(await isCheckpointManifest(await folder.open(path)))) return undefined;
  const { sources, reason } = await openCheckpoint(folder, path.slice(0, -manifestName.length));
  if (reason === undefined) return { sources, name: folder.name, skipped: [] };
  const message = `[openSources] expected a good checkpoint, got a damaged one: ${folder.name}: ${reason}`;
  throw new FileError("Checksum", message);
}

async function found(folder: ListedFolder, paths: readonly string[]): Promise<FoundModel> {
  const sources: FileSource[] = [];
  for (const path of paths) sources.push(await folder.open(path));
  return { sources, name: folder.name, skipped: [] };
}

async function openCheckpoint(
  folder: ListedFolder,
  place: string,
): Promise<{ readonly sources: readonly FileSource[]; readonly reason: string | undefined }> {
  const open = async (name: string) => (folder.paths.includes(place + name) ? folder.open(place + name) : undefined);
  const manifest = await folder.open(place + manifestName);
  const weights: FileSource[] = [];
  for (const name of checkpointWeights) {
    const file = await open(name);
    if (file) weights.push(file);
  }
  const reason = await checkpointDamage({ manifest, weights, manifestHash: await open("manifest.sha256") });
  return { sources: [manifest, ...weights], reason };
}

function under({ name }: ListedFolder, path: string): string {
  return path.startsWith(`${name}/`) ? path : `${name}/${path}`;
}
