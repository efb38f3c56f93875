// Whole models from and to Hugging Face's files: config.json, preprocessor_config.json and model.safetensors.
// (transformers, modeling_beit.py)
import type { Backend, Shape } from "@beitjs/tensor-core";
import { fromFloat32, toFloat32, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import type { BeitConfig } from "./config.ts";
import { beitConfigFromHuggingFace, beitConfigToHuggingFace, huggingFaceArchitecture } from "./hugging-face-config.ts";
import { fromHuggingFace, splitNames, thirdOfShape, thirdOfTensor } from "./hugging-face.ts";
import { beitToOfficial, loadBeit, officialShapes } from "./load.ts";
import type { Beit } from "./parameters.ts";
import { preprocessingToHuggingFace, type Preprocessing } from "./preprocessing.ts";
import { mergeShards } from "./shards.ts";

/** The parsed config.json, and the tensors of model.safetensors or its shards with their parsed index. */
export type HuggingFaceSource = { readonly config: object } & (
  | { readonly tensors: ReadonlyMap<string, SafeTensor> }
  | { readonly shards: { readonly index: object; readonly files: ReadonlyMap<string, Uint8Array> } }
);

export type HuggingFaceModel = {
  readonly beit: Beit;
  /** Names of the classes, where the config has them. */
  readonly labels?: readonly string[];
  /** Tensors that belong to BEiT but not to this model: a classifier's mask token, norms of heads that are not there. */
  readonly ignored: readonly string[];
};

/** Bytes by file name; written to one folder, transformers' `from_pretrained` loads it. */
export type HuggingFaceFiles = Record<"config.json" | "preprocessor_config.json" | "model.safetensors", Uint8Array>;

// The language's own library has no name for it, though every host does.
declare const TextEncoder: { new (): { encode(text: string): Uint8Array } };

// Stored indices and what transformers' other heads own are no mistake in a checkpoint.
const stored = /relative_position_index$/;
const spare = /^(embeddings\.mask_token|(layernorm|pooler\.layernorm|lm_head|classifier)\.(weight|bias))$/;

/**
 * The model of a `BeitForMaskedImageModeling`, `BeitForImageClassification` or `BeitModel` checkpoint, in float32. For
 * other classes or another image size, `toClassifier` takes it from there; transformers resizes tables `bilinear`.
 * A bare `BeitModel` keeps its blocks only: `encode` gives its tokens before transformers' last norm, if it has one.
 *
 * @throws what `beitConfigFromHuggingFace` throws; one error that lists all tensors that are missing, unexpected or of
 * another shape than the config says
 */
export function loadHuggingFace(source: HuggingFaceSource, backend: Backend): HuggingFaceModel {
  const { config, labels } = beitConfigFromHuggingFace(source.config);
  const tensors = "shards" in source ? mergeShards(source.shards.index, source.shards.files) : source.tensors;
  const { used, ignored } = matchTensors(tensors, config);
  const values = new Map([...used].map(([name, value]) => [name, { shape: value.shape, data: toFloat32(value) }]));
  const beit = loadBeit(fromHuggingFace(values), config, backend);
  return labels ? { beit, labels, ignored } : { beit, ignored };
}

/**
 * The files of a Hugging Face model folder. The tensors are float32 and have the metadata that transformers asks for.
 *
 * @param options.labels names of the classes
 * @param options.preprocessing how images were made pixels; default as the released models have it: straight to the
 * square, bilinear, to [-1, 1]
 * @throws if the model has both heads or labels do not fit its classes
 */
export async function toHuggingFace(
  beit: Beit,
  options: { readonly labels?: readonly string[] | undefined; readonly preprocessing?: Preprocessing | undefined } = {},
): Promise<HuggingFaceFiles> {
  const config = beitConfigToHuggingFace(beit.config, options.labels);
  const named = splitNames(await beitToOfficial(beit), thirdOfTensor);
  const tensors = [...named].map(
    ([name, { shape, data }]) => [fullName(name, beit.config), fromFloat32(data, shape)] as const,
  );
  return {
    "config.json": jsonBytes(config),
    "preprocessor_config.json": jsonBytes(
      preprocessingToHuggingFace(options.preprocessing ?? releasedPreprocessing(beit.config)),
    ),
    "model.safetensors": writeSafetensors(tensors, { format: "pt" }),
  };
}

type Matched = { readonly used: ReadonlyMap<string, SafeTensor>; readonly ignored: readonly string[] };

function matchTensors(tensors: ReadonlyMap<string, SafeTensor>, config: BeitConfig): Matched {
  const expected = splitNames<Shape>(officialShapes(config), thirdOfShape);
  const used = new Map<string, SafeTensor>();
  const ignored: string[] = [];
  const problems: string[] = [];
  for (const [name, value] of tensors) {
    const bare = name.replace(/^beit\./, "");
    const shape = expected.get(bare);
    if (shape === undefined || used.has(bare)) {
      if (stored.test(bare)) continue;
      if (shape === undefined && spare.test(bare)) ignored.push(name);
      else problems.push(`unexpected ${name}`);
    } else if (value.shape.join() !== shape.join()) {
      problems.push(`${name} [${value.shape.join(", ")}] where it should be [${shape.join(", ")}]`);
      expected.delete(bare);
    } else used.set(bare, value);
  }
  for (const name of expected.keys()) if (!used.has(name)) problems.push(`no ${fullName(name, config)}`);
  if (problems.length > 0) {
    throw new Error(`[loadHuggingFace] expected the tensors of the config, got ${problems.join("; ")}`);
  }
  return { used, ignored };
}

// The base model's own tensors have a prefix where a head stands beside it; the norm before the visual-token head is the
// head's, the one before a class head on the class token is the base model's.
function fullName(name: string, config: BeitConfig): string {
  const architecture = huggingFaceArchitecture("toHuggingFace", config);
  if (architecture === "BeitModel" || /^(lm_head|classifier)\./.test(name)) return name;
  return architecture === "BeitForMaskedImageModeling" && name.startsWith("layernorm.") ? name : `beit.${name}`;
}

function releasedPreprocessing({ imageSize, channels }: BeitConfig): Preprocessing {
  const half = Array.from({ length: channels }, () => 0.5);
  return { filter: "bilinear", size: imageSize, fit: "square", crop: 0, mean: half, std: half };
}

// transformers takes only a number with a point for the layer scale, and JSON.stringify writes whole numbers without one.
function jsonBytes(content: Record<string, unknown>): Uint8Array {
  const text = JSON.stringify(content, null, 2).replace(/^( {2}"layer_scale_init_value": \d+)(,?)$/m, "$1.0$2");
  return new TextEncoder().encode(`${text}\n`);
}
