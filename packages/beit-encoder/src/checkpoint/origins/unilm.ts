// BEiT's own checkpoints (microsoft/unilm), for pre-training and fine-tuning: the config is in names and shapes alone.
import { heightWidth, imageSizeOf, isImageSize, type ImageSize } from "@beitjs/tensor-core/grid";
import type { BeitConfig } from "../../config.ts";
import { argumentOf } from "../arguments.ts";
import { inferConfig } from "../infer-config.ts";
import { parseJson } from "../json.ts";
import { recognizedAsV2, type KnownNormalization } from "../normalization.ts";
import { officialNaming } from "../official.ts";
import { notedLabels, notedMultiLabel, notedPreprocessing } from "../noted.ts";
import { croppedAtCenter } from "../preprocessing.ts";
import type { ModelTensors, Origin } from "./origin.ts";

export const unilm = {
  name: "unilm",
  title: "unilm",
  conventions: {
    weights: "raw", // run_class_finetuning.py, model_key
    resizing: { tableResizing: "geometric-cubic", positionResizing: "bicubic" }, // run_class_finetuning.py
    preprocessing: (config) => croppedAtCenter(config, 0.875), // datasets.py
  },
  naming: officialNaming,
  recognizes: () => true,
  describe({ metadata, root }, tensors, given) {
    return {
      ...inferConfig(tensors, { ...notedIn(metadata), ...given.config }, [given.imageSize]),
      labels: notedLabels(metadata),
      multiLabel: notedMultiLabel(metadata),
      preprocessing: notedPreprocessing(metadata),
      normalization: normalizationOf(argumentOf(root, "imagenet_default_mean_and_std"), tensors),
    };
  },
} as const satisfies Origin;

// Training scripts note their arguments, and pre-training of BEiT v2 has layers of its own. (run_beitv2_pretraining.py,
// modeling_pretrain.py)
function normalizationOf(imagenet: unknown, tensors: ModelTensors): KnownNormalization | undefined {
  if (typeof imagenet === "boolean") return { reason: "files", is: imagenet ? "imagenet" : "half" };
  return [...tensors.keys()].some((name) => name.startsWith("cls_pt_layers.")) ? recognizedAsV2 : undefined;
}

// `saveOfficialBeit` says what names and shapes do not. What is no size or no number is refused with the config.
function notedIn(metadata: Readonly<Record<string, string>>): Partial<BeitConfig> {
  const { "beitjs.imageSize": size, "beitjs.heads": heads, "beitjs.epsilon": epsilon } = metadata;
  return {
    ...(size !== undefined && { imageSize: sizeIn(parseJson(size, "beitjs.imageSize")) }),
    ...(heads !== undefined && { heads: Number(heads) }),
    ...(epsilon !== undefined && { epsilon: Number(epsilon) }),
    ...(metadata["beitjs.pooling"] === "mean" && { pooling: "mean" }),
  };
}

function sizeIn(pair: object): ImageSize {
  return isImageSize(pair) ? imageSizeOf(heightWidth(pair)) : (pair as ImageSize);
}
