// A checkpoint of ours as far as its model goes: the manifest must be whole, of our format, and tell the truth of the weights.
import { FileError } from "./error.ts";
import { hashSource } from "./hash-source.ts";
import { checkpointWeights } from "./model-files.ts";
import { readWhole, type FileSource } from "./source.ts";
import { decodeUtf8 } from "../safetensors/utf8.ts";

export const CHECKPOINT_FORMAT = "beitjs-checkpoint";
export const CHECKPOINT_VERSION = 1;

export type CheckpointSources = {
  readonly manifest: FileSource;
  /** `manifest.sha256`, where it is known to be there. */
  readonly manifestHash?: FileSource | undefined;
  /** Of `checkpointWeights`, those that are there. */
  readonly weights: readonly FileSource[];
};

type Manifest = {
  readonly version?: unknown;
  readonly files?: Readonly<Record<string, { readonly bytes?: unknown; readonly sha256?: unknown } | undefined>>;
};

/** Whether a manifest.json is that of a checkpoint of ours. */
export async function isCheckpointManifest(source: FileSource): Promise<boolean> {
  const manifest = (await parsed(source)) as { readonly format?: unknown } | undefined;
  return manifest?.format === CHECKPOINT_FORMAT;
}

/**
 * Why a checkpoint cannot be used; undefined for a good one.
 *
 * @throws FileError "Format" for one of another version, which is no damage
 */
export async function checkpointDamage({
  manifest: source,
  manifestHash,
  weights,
}: CheckpointSources): Promise<string | undefined> {
  if (manifestHash) {
    const expected = decodeUtf8(await manifestHash.read(0, Math.min(64, manifestHash.size))) ?? "";
    const got = await hashSource(source);
    if (expected !== got) return `expected manifest.json with SHA-256 ${expected}, got ${got}`;
  }
  const manifest = (await parsed(source)) as Manifest | undefined;
  if (manifest === undefined) return "expected manifest.json to be JSON";
  if (manifest.version !== CHECKPOINT_VERSION) {
    const got = `${String(manifest.version)}: it was written by another version of beitjs`;
    throw new FileError("Format", `[openSources] expected ${source.name} of version ${CHECKPOINT_VERSION}, got ${got}`);
  }
  const { files = {} } = manifest;
  if (!files[checkpointWeights[0]]) return "expected manifest.json with files, got one without";
  for (const name of checkpointWeights) {
    const said = files[name];
    const damage =
      said &&
      (await weightsDamage(
        name,
        weights.find((one) => isCalled(one, name)),
        said,
      ));
    if (damage !== undefined) return damage;
  }
  return undefined;
}

async function weightsDamage(
  name: string,
  source: FileSource | undefined,
  { bytes, sha256 }: { readonly bytes?: unknown; readonly sha256?: unknown },
): Promise<string | undefined> {
  if (!source) return `expected ${name}, got none`;
  if (source.size !== bytes) return `expected ${name} of ${String(bytes)} bytes, got ${source.size}`;
  const got = await hashSource(source);
  return got === sha256 ? undefined : `expected ${name} with SHA-256 ${String(sha256)}, got ${got}`;
}

function isCalled({ name }: FileSource, wanted: string): boolean {
  return name.split(/[\\/]/).at(-1) === wanted;
}

async function parsed(source: FileSource): Promise<object | undefined> {
  try {
    const value: unknown = JSON.parse(decodeUtf8(await readWhole(source)) ?? "");
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
