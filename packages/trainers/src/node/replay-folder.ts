// <run>/replay: all that a step took that went wrong. The state before it (a checkpoint, none before the first step), the images of its
// batch with their pixels, and its recipe: it can be made again without the data.
import { promises as files } from "node:fs";
import { join } from "node:path";
import type { Samples } from "@beitjs/tensor-core/image";
import { readSafetensors, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import type { CheckpointFiles } from "../checkpoint.ts";
import type { Recipe } from "../recipes/recipe.ts";
import { upgradeRecipe } from "../recipes/upgrade.ts";
import type { StoredBatch } from "../replay.ts";
import { diskStorage, writeErrorReason } from "./checkpoint-files.ts";
import { fillCheckpoint, loadCheckpoint, type LoadedCheckpoint } from "./checkpoint-store.ts";
import { putFolder } from "./folder-in-place.ts";

export type ReplayFacts = {
  /** Updates before the step. */
  readonly step: number;
  readonly recipe: Recipe;
  /** What was wrong with it. */
  readonly message: string;
  /** Free facts of the run, as in its checkpoints. */
  readonly run: Readonly<Record<string, unknown>>;
};

export type Replay = ReplayFacts & {
  readonly batch: StoredBatch;
  /** The state before the step; none before the first. */
  readonly checkpoint: LoadedCheckpoint | undefined;
};

type StoredExample = { readonly index: number; readonly name: string; readonly label?: number; readonly image: object };
type StoredFacts = ReplayFacts & {
  readonly format: typeof FORMAT;
  readonly batch: Omit<StoredBatch, "examples"> & { readonly examples: readonly StoredExample[] };
};

const FORMAT = "beitjs-replay";
const FACTS = "replay.json";
const IMAGES = "images.safetensors";
const STATE = "state";

/**
 * Writes `<run>/replay`, in place of one that is there.
 *
 * @param state the files of a checkpoint, as `encodeCheckpoint` makes them
 * @throws naming the path when it cannot be written
 */
export async function saveReplay(
  run: string,
  { batch, ...facts }: ReplayFacts & { readonly batch: StoredBatch },
  state: CheckpointFiles | undefined,
): Promise<string> {
  const path = join(run, "replay");
  const pixels = new Map<string, SafeTensor>();
  const examples = batch.examples.map(({ image: { data, ...image }, ...example }) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const dtype = data.BYTES_PER_ELEMENT === 2 ? "U16" : "U8";
    pixels.set(String(example.index), { dtype, shape: [data.length], data: bytes });
    return { ...example, image };
  });
  const stored: StoredFacts = { format: FORMAT, ...facts, batch: { ...batch, examples } };
  try {
    await putFolder(
      path,
      async (folder) => {
        await diskStorage.writeFile(join(folder, FACTS), new TextEncoder().encode(`${JSON.stringify(stored)}\n`));
        await diskStorage.writeFile(join(folder, IMAGES), writeSafetensors(pixels));
        if (!state) return;
        await diskStorage.makeFolder(join(folder, STATE));
        await fillCheckpoint(join(folder, STATE), state, diskStorage);
      },
      diskStorage,
    );
  } catch (cause) {
    throw new Error(`[saveReplay] could not write ${path}: ${writeErrorReason(cause)}`, { cause });
  }
  return path;
}

/**
 * Reads the replay of a run folder.
 *
 * @throws if there is none, or it is no replay or damaged
 */
export async function loadReplay(run: string): Promise<Replay> {
  const path = join(run, "replay");
  let stored: StoredFacts;
  let bytes: Uint8Array;
  try {
    stored = JSON.parse(await files.readFile(join(path, FACTS), "utf8")) as StoredFacts;
    bytes = new Uint8Array(await files.readFile(join(path, IMAGES)));
  } catch (cause) {
    const why = (cause as Error).message;
    throw new Error(`[loadReplay] expected ${path}, as a loss that is not finite leaves it, got none: ${why}`, {
      cause,
    });
  }
  if (stored?.format !== FORMAT) throw new Error(`[loadReplay] expected ${join(path, FACTS)} of format ${FORMAT}`);
  const { tensors } = readSafetensors(bytes);
  const examples = stored.batch.examples.map(({ image, ...example }) => {
    const pixels = tensors.get(String(example.index));
    if (!pixels)
      throw new Error(`[loadReplay] expected the pixels of ${example.name} in ${join(path, IMAGES)}, got none`);
    return { ...example, image: { ...image, data: samplesOf(pixels) } as StoredBatch["examples"][number]["image"] };
  });
  const { format: _, ...facts } = stored;
  const found = (await diskStorage.list(path)).includes(STATE);
  const checkpoint = found ? await loadCheckpoint(join(path, STATE)) : undefined;
  return { ...facts, recipe: upgradeRecipe(facts.recipe), batch: { ...stored.batch, examples }, checkpoint };
}

// Where a tensor begins in its file, 16 bits may not.
function samplesOf({ dtype, data }: SafeTensor): Samples {
  return dtype === "U16" ? new Uint16Array(new Uint8Array(data).buffer) : data;
}
