// Which model files hold: a BEiT or a tokenizer of known origin, with its config; or something else.
import {
  hasBeitNames,
  parameterCount,
  readBeitFiles,
  type BeitConfig,
  type BeitOrigin,
  type NormalizationFacts,
  type NormalizationName,
  type Preprocessing,
  type WeightsChoice,
} from "@beitjs/beit-encoder";
import { visionTransformers } from "@beitjs/beit-encoder/vision-transformers";
import { hasTokenizerNames, readTokenizerFiles, type DvaeConfig, type TokenizerOrigin } from "@beitjs/dvae-tokenizer";
import { sizeOf } from "@beitjs/tensor-core";
import type { FileSource } from "@beitjs/tensor-core/files";
import { messageOf } from "../program/exit-codes.ts";
import type { FileFacts, TensorFacts } from "./file-facts.ts";

export type ModelFacts =
  | {
      readonly kind: "beit";
      readonly origin: BeitOrigin;
      readonly config: BeitConfig;
      /** Its fields that the files do not say. */
      readonly guessed: readonly string[];
      /** Which of two copies of the weights are taken. */
      readonly weights?: WeightsChoice;
      /** In the model's parameters; the files may hold more. */
      readonly parameters: number;
      readonly labels: readonly string[] | null;
      readonly preprocessing: Preprocessing;
      /** Why its mean and std are what they are. */
      readonly normalization: NormalizationFacts;
      /** Tensors of a BEiT that this model does not use. */
      readonly unused: readonly string[];
    }
  | {
      readonly kind: "tokenizer";
      readonly origin: TokenizerOrigin;
      readonly config: DvaeConfig;
      readonly parts: string;
      /** In what is there of it. */
      readonly parameters: number;
    }
  | { readonly kind: "tokenizer-decoder" }
  /** A model of ours, but one that cannot be used. */
  | { readonly kind: "damaged"; readonly what: "BEiT" | "tokenizer"; readonly problem: string }
  | { readonly kind: "other" };

/** What the files of one model say together. */
export async function modelFacts(
  sources: readonly FileSource[],
  files: readonly FileFacts[],
  options: { readonly normalization: NormalizationName | undefined },
): Promise<ModelFacts> {
  const tensors = files.flatMap((file) => file.tensors ?? []);
  const names = tensors.map(({ name }) => name);
  if (hasTokenizerNames(names)) return tokenizerFacts(sources, tensors);
  if (!hasBeitNames(names, visionTransformers)) return { kind: "other" };
  try {
    const {
      parameters: _,
      labels = null,
      ...said
    } = await readBeitFiles(sources, { ...options, origins: visionTransformers });
    return { kind: "beit", ...said, parameters: parameterCount(said.config), labels };
  } catch (error) {
    return { kind: "damaged", what: "BEiT", problem: messageOf(error) };
  }
}

async function tokenizerFacts(sources: readonly FileSource[], tensors: readonly TensorFacts[]): Promise<ModelFacts> {
  if (isDecoder(tensors)) return { kind: "tokenizer-decoder" };
  try {
    const { origin, config, tensors: own } = await readTokenizerFiles(weightsOf(sources));
    const whole = [...own.keys()].some((name) => name.startsWith("decoder."));
    const parts = whole ? "encoder and decoder" : "encoder";
    const parameters = [...own.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    return { kind: "tokenizer", origin, config, parts, parameters };
  } catch (error) {
    return { kind: "damaged", what: "tokenizer", problem: messageOf(error) };
  }
}

// OpenAI's decoder.pkl alone: named as its encoder, but it begins with a 1x1 convolution of codebook vectors.
function isDecoder(tensors: readonly TensorFacts[]): boolean {
  const inputs = tensors.filter(({ name }) => name.endsWith("blocks.input.w"));
  return inputs.length === 1 && !/encoder\./.test(inputs[0].name) && inputs[0].shape[2] === 1;
}

function weightsOf(sources: readonly FileSource[]): FileSource[] {
  return sources.filter(({ name }) => !/\.json$/i.test(name));
}
