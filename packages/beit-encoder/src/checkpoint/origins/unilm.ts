// BEiT's own checkpoints (microsoft/unilm), for pre-training and fine-tuning: the config is in names and shapes alone.
import type { ImageSize } from "@beitjs/tensor-core/grid";
import type { BeitConfig } from "../../config.ts";
import { inferConfig } from "../infer-config.ts";
import { parseJson } from "../json.ts";
import { officialNaming } from "../official.ts";
import { croppedAtCenter } from "../preprocessing.ts";
import type { Origin } from "./origin.ts";

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
  describe({ metadata }, tensors, given) {
    return inferConfig(tensors, { ...notedIn(metadata), ...given.config }, [given.imageSize]);
  },
} as const satisfies Origin;

// `saveOfficialBeit` says what names and shapes do not.
function notedIn(metadata: Readonly<Record<string, string>>): Partial<BeitConfig> {
  const name = "beitjs.imageSize";
  return {
    ...(metadata[name] !== undefined && { imageSize: parseJson(metadata[name], name) as ImageSize }),
    ...(metadata["beitjs.pooling"] === "mean" && { pooling: "mean" }),
  };
}
