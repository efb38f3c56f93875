// Small models with random weights, as files of every origin that we write ourselves.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  initBeit,
  initBeitClassifier,
  saveBeit,
  saveOfficialBeit,
  toHuggingFace,
  type Beit,
  type BeitConfig,
  type Preprocessing,
} from "@beitjs/beit-encoder";
import {
  initTokenizer,
  saveOfficialTokenizer,
  saveTokenizer,
  type StridedConfig,
  type Tokenizer,
} from "@beitjs/dvae-tokenizer";
import { tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";

const config: BeitConfig = {
  imageSize: 8,
  channels: 3,
  patchSize: 2,
  width: 16,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
  absolutePositions: false,
  relativePositions: "per-layer",
  layerScale: 1,
  dropPath: 0,
  epsilon: 1e-6,
  vocabSize: 0,
  classes: 3,
  pooling: "mean",
};
const dvae: StridedConfig = {
  architecture: "strided",
  imageSize: 8,
  channels: 3,
  vocabSize: 16,
  codebookWidth: 8,
  hidden: 8,
  layers: 1,
  blocksPerStage: 1,
  middleBlocks: 0,
  reconstruction: "mse",
  pixelRange: "normalized",
};

export const labels = ["dark left, light right", 'dark "top"', "neither"] as const;
export const preprocessing: Preprocessing = {
  filter: "bicubic",
  size: 8,
  fit: "square",
  crop: 0,
  mean: [0.4, 0.5, 0.6],
  std: [0.2, 0.3, 0.4],
};

export const backend = createReferenceBackend();

/** A classifier that is sure of different classes for different images; any field of its config may be another. */
export function randomClassifier(fields: Partial<BeitConfig> = {}): Beit {
  const rng = createRng(11);
  const { config: full, params } = initBeitClassifier({ ...config, ...fields }, rng, backend, { std: 0.3 });
  const values = Float32Array.from({ length: full.classes * full.width }, () => 2 * rng.normal());
  const weight = tensor(values, [full.classes, full.width], backend);
  return { config: full, params: { ...params, classHead: { weight, bias: tensor([0.3, -0.2, 0.1], [3], backend) } } };
}

export function randomPretrained(): Beit {
  const fields = { relativePositions: "shared", vocabSize: 16, classes: 0 } as const;
  return initBeit({ ...config, ...fields }, createRng(12), backend, { std: 0.3 });
}

export function randomTokenizer(): Tokenizer {
  return initTokenizer(dvae, createRng(13), backend);
}

/** Writes one file or folder for every origin and returns their paths. */
export async function writeModels(
  folder: string,
): Promise<
  Readonly<
    Record<
      "ours" | "classPooling" | "official" | "huggingFace" | "pretrained" | "tokenizer" | "officialTokenizer",
      string
    >
  >
> {
  await mkdir(folder, { recursive: true });
  const write = async (name: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, bytes);
    return path;
  };
  const files = await toHuggingFace(randomClassifier(), { labels, preprocessing });
  for (const [name, bytes] of Object.entries(files)) await write(join("hugging-face", name), bytes);
  return {
    ours: await write("ours.safetensors", await saveBeit(randomClassifier(), { labels, preprocessing })),
    classPooling: await write(
      "class.safetensors",
      await saveBeit(randomClassifier({ pooling: "class" }), { preprocessing }),
    ),
    official: await write("official.safetensors", await saveOfficialBeit(randomClassifier())),
    huggingFace: join(folder, "hugging-face"),
    pretrained: await write("pretrained.safetensors", await saveBeit(randomPretrained(), { preprocessing })),
    tokenizer: await write("tokenizer.safetensors", await saveTokenizer(randomTokenizer())),
    officialTokenizer: await write("official-tokenizer.safetensors", await saveOfficialTokenizer(randomTokenizer())),
  };
}
