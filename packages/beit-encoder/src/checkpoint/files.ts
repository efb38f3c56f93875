// Which file is which: one file of weights, or the files of a model folder (Hugging Face, timm), shards included.
import { firstOf, openTensors, type FileSource, type LazyTensor, type TensorFile } from "@beitjs/tensor-core/files";
import type { PickleValue } from "@beitjs/tensor-core/pickle";
import { mergeShards } from "./shards.ts";
import { readJson } from "./json.ts";

/** What was found in a model's files. */
export type Contents = {
  readonly tensors: ReadonlyMap<string, LazyTensor>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The tree of a torch file. */
  readonly root?: PickleValue;
  /** Names in a torch file that are no plain tensors, each with what it is. */
  readonly setAside?: ReadonlyMap<string, string> | undefined;
  /** Parsed config.json and preprocessor_config.json, where they are. */
  readonly config?: object;
  readonly preprocessor?: object;
  /** Parsed manifest.json: that of a checkpoint of ours, or of anything else. */
  readonly manifest?: object;
};

// In this order: what transformers and timm prefer.
const weightNames = ["model.safetensors", "pytorch_model.bin"] as const;
const weights = /\.(safetensors|bin|pth|pt|pkl|ckpt)$/i;

/**
 * Opens the files of one model. Of several, names decide: `config.json`, `preprocessor_config.json`, `manifest.json`, and
 * `model.safetensors`, its index and shards, or `pytorch_model.bin`; else the only file of weights there is.
 *
 * @throws `[openBeit] expected …, got …` for no or several candidates, and what `openTensors` throws
 */
export async function openFiles(files: readonly FileSource[]): Promise<Contents> {
  const byName = new Map(files.map((file) => [baseName(file.name), file]));
  const json = async (name: string) => {
    const file = byName.get(name);
    return file && files.length > 1 ? await readJson(file) : undefined;
  };
  const [config, preprocessor] = [await json("config.json"), await json("preprocessor_config.json")];
  const manifest = await json("manifest.json");
  const found = await withAverage(await openWeights(files, byName), byName.get("ema.safetensors"), manifest);
  return { ...found, ...(config && { config }), ...(preprocessor && { preprocessor }), ...(manifest && { manifest }) };
}

type Weights = Pick<Contents, "tensors" | "metadata" | "root" | "setAside">;

async function openWeights(files: readonly FileSource[], byName: ReadonlyMap<string, FileSource>): Promise<Weights> {
  for (const name of weightNames) {
    const whole = byName.get(name);
    if (whole && files.length > 1) return weightsOf(await openTensors(whole));
    const index = byName.get(`${name}.index.json`);
    if (index) return openShards(await readJson(index), byName);
  }
  const candidates = files.length === 1 ? files : files.filter(({ name }) => weights.test(name));
  if (candidates.length === 1) return weightsOf(await openTensors(candidates[0]));
  const got = candidates.length > 0 ? `several: ${namesOf(candidates)}` : `none among ${namesOf(files) || "no files"}`;
  throw new Error(`[openBeit] expected one file of weights, got ${got}`);
}

function weightsOf({ tensors, metadata, root, setAside }: TensorFile): Weights {
  return { tensors, metadata, ...(root !== undefined && { root }), ...(setAside && { setAside }) };
}

// A checkpoint of ours keeps the running mean of its weights in a file of its own, under the same names.
async function withAverage(found: Weights, average: FileSource | undefined, manifest?: object): Promise<Weights> {
  if (!average || !manifest) return found;
  const { tensors } = await openTensors(average);
  return {
    ...found,
    tensors: new Map([...found.tensors, ...[...tensors].map(([name, one]) => [`ema.${name}`, one] as const)]),
  };
}

async function openShards(index: object, byName: ReadonlyMap<string, FileSource>): Promise<Weights> {
  const tensors = await mergeShards(index, async (name) => {
    const source = byName.get(name);
    return source && (await openTensors(source)).tensors;
  });
  return { tensors, metadata: {} };
}

function baseName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
}

function namesOf(files: readonly FileSource[]): string {
  return firstOf(files.map(({ name }) => name));
}
