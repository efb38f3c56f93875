// Model folders of Hugging Face transformers: config.json says what a model is, preprocessor_config.json how its images are
// prepared. What they hold is read and written in ../hugging-face.
import type { Shape } from "@beitjs/tensor-core";
import { validateBeitConfig, withPoolingNorm, type BeitConfig } from "../../config.ts";
import { beitConfigFromHuggingFace } from "../hugging-face/config.ts";
import { huggingFaceNaming, joinNames } from "../hugging-face/names.ts";
import { inferConfig } from "../infer-config.ts";
import { preprocessingFromHuggingFace, signedPixels } from "../preprocessing.ts";
import { canonicalName, type Given, type ModelTensors, type Origin } from "./origin.ts";

export const huggingFace = {
  name: "hugging-face",
  title: "Hugging Face",
  conventions: {
    weights: "raw",
    resizing: { tableResizing: "bilinear", positionResizing: "bicubic" },
    // As in the released preprocessor_config.json.
    preprocessing: ({ imageSize, channels }) => ({
      filter: "bilinear",
      size: imageSize,
      fit: "square",
      crop: 0,
      ...signedPixels(channels),
    }),
  },
  naming: huggingFaceNaming,

  recognizes: () => true,

  describe({ config: json, preprocessor }, tensors, given) {
    const read = json && beitConfigFromHuggingFace(json);
    const { config, guessed } = read
      ? { config: { ...withOwnNorm(read.config, tensors), ...given.config }, guessed: [] }
      : inferred(tensors, given);
    validateBeitConfig(config, "openBeit");
    return {
      config,
      guessed,
      bothTables: read === undefined || read.bothTables === true,
      // `use_mask_token` false: only masks need it.
      ...(read?.maskToken !== true && { optional: /^embeddings\.mask_token$/ }),
      labels: read?.labels,
      multiLabel: read?.multiLabel,
      preprocessing: preprocessor && preprocessingFromHuggingFace(preprocessor),
    };
  },
} as const satisfies Origin;

// Without a head, a model has the norm of its pooler or none: transformers can leave the pooler out, and we have such models.
function withOwnNorm(config: BeitConfig, tensors: ModelTensors): BeitConfig {
  if (config.classes > 0 || config.vocabSize > 0) return config;
  const name = config.pooling === "mean" ? "pooler.layernorm.weight" : "layernorm.weight";
  const has = [...tensors.keys()].some((one) => canonicalName(one, huggingFaceNaming) === name);
  return has ? withPoolingNorm(config, config.pooling === "mean" ? "after" : "before") : config;
}

function inferred(tensors: ModelTensors, given: Given) {
  const shapes = new Map<string, { readonly shape: Shape }>(tensors);
  const official = joinNames(shapes, (parts) => ({
    shape: [parts.reduce((rows, { shape }) => rows + shape[0], 0), ...parts[0].shape.slice(1)],
  }));
  return inferConfig(official, { epsilon: 1e-12, ...given.config }, [given.imageSize]);
}
