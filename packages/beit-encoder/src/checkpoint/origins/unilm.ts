// BEiT's own checkpoints (microsoft/unilm), for pre-training and fine-tuning: the config is in names and shapes alone.
import { inferConfig } from "../infer-config.ts";
import { officialNaming } from "../official.ts";
import { croppedAtCenter } from "../preprocessing.ts";
import type { Origin } from "./origin.ts";

export const unilm = {
  name: "unilm",
  title: "unilm",
  conventions: {
    resizing: { tableResizing: "geometric-cubic", positionResizing: "bicubic" }, // run_class_finetuning.py
    preprocessing: (config) => croppedAtCenter(config, 0.875), // datasets.py
  },
  naming: officialNaming,
  recognizes: () => true,
  describe: (_, tensors, given) => ({ config: inferConfig(tensors, given.config, [given.imageSize]) }),
} as const satisfies Origin;
