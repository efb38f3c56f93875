// Whole models as Hugging Face's files: config.json, preprocessor_config.json and model.safetensors.
// (transformers, modeling_beit.py)
import { fromFloat32, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import { poolingNormOf, withPoolingNorm } from "../../config.ts";
import { encoderOnly, hasOwnPrediction } from "../../encoder-only.ts";
import type { Beit } from "../../parameters.ts";
import { beitToOfficial, checkNoRegisters, classTokenNorm } from "../official.ts";
import { huggingFace } from "../origins/hugging-face.ts";
import { preprocessingToHuggingFace } from "../preprocessing.ts";
import type { SaveBeitOptions } from "../save.ts";
import { beitConfigToHuggingFace, huggingFaceName } from "./config.ts";
import { splitNames, thirdOfTensor } from "./names.ts";

/** Bytes by file name; written to one folder, transformers' `from_pretrained` loads it. */
export type HuggingFaceFiles = Record<"config.json" | "preprocessor_config.json" | "model.safetensors", Uint8Array>;

// The language's own library has no name for it, though every host does.
declare const TextEncoder: { new (): { encode(text: string): Uint8Array } };

/**
 * The files of a Hugging Face model folder. The tensors are float32 and have the metadata that transformers asks for. Of images
 * that are no squares, transformers (5.23) reads tables of relative positions as if width came before height, and takes no
 * absolute positions: `openBeit` reads such files as they are meant. Of a model with a decoder or a head for pixels it is the encoder
 * alone, with its norm over all tokens; what transformers pools is the class token.
 *
 * @param options.labels names of the classes
 * @param options.multiLabel an image may have any number of classes: `problem_type` says so
 * @param options.preprocessing how images were made pixels; default as the released models have it: straight to the
 * square, bilinear, to [-1, 1]
 * @throws as `beitConfigToHuggingFace` and `preprocessingToHuggingFace`
 */
export async function toHuggingFace(
  given: Beit,
  options: Pick<SaveBeitOptions, "labels" | "multiLabel" | "preprocessing"> = {},
): Promise<HuggingFaceFiles> {
  checkNoRegisters("toHuggingFace", given.config);
  const beit = withClassToken(given);
  const config = beitConfigToHuggingFace(beit.config, options.labels, options);
  const preprocessing = options.preprocessing ?? huggingFace.conventions.preprocessing(beit.config);
  const { pooling } = beit.config;
  const official = new Map(
    [...(await beitToOfficial(beit))].map(([name, value]) => [classTokenNorm(name, pooling), value] as const),
  );
  const named = splitNames(official, thirdOfTensor);
  const tensors = [...named].map(
    ([name, { shape, data }]) => [huggingFaceName(name, beit.config), fromFloat32(data, shape)] as const,
  );
  return {
    "config.json": jsonBytes(config),
    "preprocessor_config.json": jsonBytes(preprocessingToHuggingFace(preprocessing)),
    "model.safetensors": writeSafetensors(tensors, { format: "pt" }),
  };
}

// transformers has a norm over all tokens where it takes the class token: tokens are the same either way.
function withClassToken(beit: Beit): Beit {
  if (!hasOwnPrediction(beit.config)) return beit;
  const { config, params } = encoderOnly(beit);
  return { config: withPoolingNorm({ ...config, pooling: "class" }, poolingNormOf(config)), params };
}

// transformers takes only a number with a point for the layer scale, and JSON.stringify writes whole numbers without one.
function jsonBytes(content: Record<string, unknown>): Uint8Array {
  const text = JSON.stringify(content, null, 2).replace(/^( {2}"layer_scale_init_value": \d+)(,?)$/m, "$1.0$2");
  return new TextEncoder().encode(`${text}\n`);
}
