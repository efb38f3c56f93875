// State as bytes: its trees of tensors as safetensors, and a manifest that says what they are, what they were trained
// with and what they must hash to. Random state and data position are the seed and the step: all randomness is addressed.
import { fillTree, leaves, type HostArray, type Tensor } from "@beitjs/tensor-core";
import { CHECKPOINT_FORMAT, CHECKPOINT_VERSION } from "@beitjs/tensor-core/files";
import { formatAsSize } from "@beitjs/tensor-core/grid";
import { readSafetensors, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { statisticsOf } from "@beitjs/tensor-core/image";
import type { LossScale } from "./optimizer/loss-scale.ts";
import type { FineTuneRecipe, PretrainRecipe, StageName } from "./recipes/recipe.ts";
import { upgradeRecipe } from "./recipes/upgrade.ts";
import type { TrainingState, UpdateReport } from "./update.ts";
import type { ValidationState } from "./validation.ts";

export { CHECKPOINT_FORMAT, CHECKPOINT_VERSION };

/** What a run was: enough to rebuild the model, repeat the run or go on with it. All of it is plain JSON. */
export type CheckpointInfo = {
  readonly stage: StageName;
  /** Configuration of the model whose parameters these are. */
  readonly model: object;
  /** The recipe, seed included. */
  readonly recipe: object;
  /** Finished updates, and where that is in the data. */
  readonly step: number;
  readonly position: { readonly epoch: number; readonly batch: number };
  /** Free facts of the run: data set, backend, versions. */
  readonly run?: Readonly<Record<string, unknown>>;
};

export type Manifest = CheckpointInfo & {
  readonly format: typeof CHECKPOINT_FORMAT;
  readonly version: typeof CHECKPOINT_VERSION;
  readonly updates: number;
  /** Where products round to f16: where the loss scale stood. */
  readonly lossScale?: LossScale;
  /** Where the run is validated: the best evaluation so far. */
  readonly validation?: ValidationState;
  /** Of a tokenizer: how often each visual token came, by id, as numbers with spaces between; a codebook's length of lines is too much. */
  readonly tokenCounts?: string;
  /** What its last step left, where that one's evaluation did not come to its end. */
  readonly unevaluated?: UpdateReport;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
};

export type CheckpointFiles = ReadonlyMap<string, Uint8Array>;

const MODEL = "model";
/** Trees that are parameters of the model. */
const models: readonly string[] = [MODEL, "ema"];
const MANIFEST = "manifest.json";
const fileOf = (tree: string): string => `${tree}.safetensors`;

/** The files of a checkpoint, the manifest last. */
export async function encodeCheckpoint<Params>(
  state: TrainingState<Params>,
  info: CheckpointInfo,
): Promise<CheckpointFiles> {
  const { optimizer, lossScale, validation, tokenCounts, unevaluated } = state;
  return encodeStored(storedTrees(state), info, {
    updates: optimizer.updates,
    ...(lossScale && { lossScale }),
    ...(validation && { validation }),
    ...(tokenCounts && { tokenCounts: tokenCounts.join(" ") }),
    ...(unevaluated && { unevaluated }),
  });
}

/**
 * The files of a checkpoint with the state of another as the beginning of a run of its own: what was judged of the other's states
 * is left behind. An average begins with the weights where there was none.
 */
export async function encodeFork(
  { trees, manifest: { updates, lossScale } }: DecodedCheckpoint,
  info: CheckpointInfo,
  { average }: { readonly average: boolean },
): Promise<CheckpointFiles> {
  const taken = new Map(trees);
  if (!average) taken.delete("ema");
  else if (!taken.has("ema")) taken.set("ema", taken.get(MODEL) as StoredTree);
  return encodeStored(taken, info, { updates, ...(lossScale && { lossScale }) });
}

async function encodeStored(
  trees: Iterable<[string, StoredTree]> | AsyncIterable<[string, StoredTree]>,
  info: CheckpointInfo,
  facts: Pick<Manifest, "updates" | "lossScale" | "validation" | "tokenCounts" | "unevaluated">,
): Promise<CheckpointFiles> {
  const files = new Map<string, Uint8Array>();
  for await (const [name, tree] of trees)
    files.set(fileOf(name), writeSafetensors(tree, models.includes(name) ? modelMetadata(info) : undefined));
  const digests: Record<string, { bytes: number; sha256: string }> = {};
  for (const [name, bytes] of files) digests[name] = { bytes: bytes.byteLength, sha256: await sha256(bytes) };
  const manifest: Manifest = {
    format: CHECKPOINT_FORMAT,
    version: CHECKPOINT_VERSION,
    ...info,
    ...facts,
    files: digests,
  };
  files.set(MANIFEST, new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`));
  return files;
}

/**
 * Manifest and parameter values of a checkpoint, every byte checked against its hash.
 *
 * @param options.trees only these, the model's among them: to use it, not to go on
 * @throws if it is no checkpoint, of another version, incomplete or damaged, naming the file
 */
export async function decodeCheckpoint(
  files: CheckpointFiles,
  { trees: wanted }: { readonly trees?: readonly string[] } = {},
): Promise<DecodedCheckpoint> {
  const manifest = parseManifest(files.get(MANIFEST));
  const used = Object.entries(manifest.files).filter(([name]) => wanted?.map(fileOf).includes(name) ?? true);
  for (const [name, { bytes, sha256: expected }] of used) {
    const content = files.get(name);
    if (!content) throw new Error(`[loadCheckpoint] expected ${name}, got none`);
    if (content.byteLength !== bytes)
      throw new Error(`[loadCheckpoint] expected ${name} of ${bytes} bytes, got ${content.byteLength}`);
    const got = await sha256(content);
    if (got !== expected) throw new Error(`[loadCheckpoint] expected ${name} with SHA-256 ${expected}, got ${got}`);
  }
  const trees = new Map<string, StoredTree>();
  for (const [file] of used) {
    const name = file.replace(/\.safetensors$/, "");
    if (file === fileOf(name)) trees.set(name, readSafetensors(files.get(file) as Uint8Array).tensors);
  }
  return { manifest, tensors: trees.get(MODEL) as StoredTree, trees };
}

type StoredTree = ReadonlyMap<string, SafeTensor>;

export type DecodedCheckpoint = {
  readonly manifest: Manifest;
  /** Parameters of the model. */
  readonly tensors: StoredTree;
  /** Every tree of the state by its name, the model's among them. */
  readonly trees: ReadonlyMap<string, StoredTree>;
};

/**
 * Puts a checkpoint into a fresh training state of the same model, in place, to go on from there.
 *
 * @throws before anything is changed if a tree of the state is not in the checkpoint
 */
export function restoreState<Params>(state: TrainingState<Params>, { manifest, trees }: DecodedCheckpoint): void {
  const stored = state.trees.map(({ name, tree }) => ({ tree, values: treeOf(trees, name) }));
  for (const { tree, values } of stored) fillTree(tree, values, { user: "loadCheckpoint" });
  state.step = manifest.step;
  state.optimizer = { ...state.optimizer, updates: manifest.updates };
  // A run may go on where there is none, or come from there.
  if (state.lossScale && manifest.lossScale) state.lossScale = manifest.lossScale;
  if (manifest.validation) state.validation = manifest.validation;
  if (state.tokenCounts) state.tokenCounts.set(countsOf(manifest, state.tokenCounts.length) ?? []);
  if (manifest.unevaluated) state.unevaluated = manifest.unevaluated;
}

/** The counts of a checkpoint's visual tokens; none in those of before they were kept, or of another codebook. */
export function countsOf({ tokenCounts }: Pick<Manifest, "tokenCounts">, vocabSize: number): number[] | undefined {
  const counts = typeof tokenCounts === "string" ? tokenCounts.split(" ").map(Number) : [];
  const good = counts.length === vocabSize && counts.every((count) => Number.isSafeInteger(count) && count >= 0);
  return good ? counts : undefined;
}

function treeOf(trees: DecodedCheckpoint["trees"], name: string): StoredTree {
  const values = trees.get(name);
  if (values) return values;
  const got = [...trees.keys()].map(fileOf).join(", ");
  throw new Error(`[loadCheckpoint] expected ${fileOf(name)} to go on training, got a checkpoint of ${got} only`);
}

/** SHA-256 as lower-case hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const { crypto } = globalThis as unknown as {
    crypto: { subtle: { digest(name: string, data: Uint8Array): Promise<ArrayBuffer> } };
  };
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The model's kind and configuration, so that `model.safetensors` and `ema.safetensors` can be used by themselves. */
function modelMetadata({ stage, model, recipe }: CheckpointInfo): Record<string, string> {
  const statistics = pixelStatistics(stage, recipe);
  return {
    "beitjs.stage": stage,
    "beitjs.config": JSON.stringify(model),
    ...(statistics && { "beitjs.normalization": JSON.stringify(statistics) }),
  };
}

// Of a BEiT; where none are noted they are 0.5.
function pixelStatistics(
  stage: StageName,
  recipe: object,
): { mean: readonly number[]; std: readonly number[] } | undefined {
  const { views, evalView } = recipe as Partial<Pick<PretrainRecipe, "views"> & Pick<FineTuneRecipe, "evalView">>;
  const { mean, std } =
    stage === "pretrain" && views
      ? views
      : stage === "fine-tune" && evalView
        ? statisticsOf(evalView.normalization, evalView.channels)
        : { mean: [], std: [] };
  return [...mean, ...std].every((value) => value === 0.5) ? undefined : { mean, std };
}

// One at a time: all of them twice would be too much memory.
async function* storedTrees({ trees }: TrainingState<unknown>): AsyncGenerator<[string, StoredTree], void, void> {
  for (const { name, tree } of trees) yield [name, await storedTree(tree)];
}

async function storedTree(tree: unknown): Promise<StoredTree> {
  const stored = new Map<string, SafeTensor>();
  for (const [path, leaf] of leaves<Tensor>(tree)) {
    const values = toFloat32Array(await leaf.read());
    stored.set(path, {
      dtype: "F32",
      shape: [...leaf.shape],
      data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    });
  }
  return stored;
}

function toFloat32Array(values: HostArray): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

function parseManifest(bytes: Uint8Array | undefined): Manifest {
  if (!bytes) throw new Error(`[loadCheckpoint] expected ${MANIFEST}, got none`);
  let manifest: Partial<Manifest>;
  try {
    manifest = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Manifest>;
  } catch (cause) {
    throw new Error(`[loadCheckpoint] expected ${MANIFEST} to be JSON`, { cause });
  }
  if (manifest?.format !== CHECKPOINT_FORMAT) {
    throw new Error(`[loadCheckpoint] expected format ${CHECKPOINT_FORMAT}, got ${formatAsSize(manifest?.format)}`);
  }
  if (manifest.version !== CHECKPOINT_VERSION) {
    throw new Error(`[loadCheckpoint] expected version ${CHECKPOINT_VERSION}, got ${formatAsSize(manifest.version)}`);
  }
  if (!manifest.files?.[fileOf(MODEL)] || !Number.isInteger(manifest.step)) {
    throw new Error(`[loadCheckpoint] expected ${MANIFEST} with files and step, got one without`);
  }
  for (const field of ["model", "recipe"] as const) {
    if (isObject(manifest[field])) continue;
    throw new Error(
      `[loadCheckpoint] expected ${MANIFEST} with a ${field}, got ${typeof manifest[field]} in its place`,
    );
  }
  for (const [name, file] of Object.entries(manifest.files)) {
    const named = name.length <= 255;
    if (named && isObject(file) && Number.isInteger(file.bytes) && /^[0-9a-f]{64}$/.test(String(file.sha256))) continue;
    throw new Error(`[loadCheckpoint] expected bytes and SHA-256 of ${formatAsSize(name)} in ${MANIFEST}, got others`);
  }
  return { ...(manifest as Manifest), ...(manifest.recipe && { recipe: upgradeRecipe(manifest.recipe) }) };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
