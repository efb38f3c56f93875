// MAE and DeiT as their authors released them: under `model` in a file of torch. A pre-trained one may have its decoder beside it, which
// is left aside. (facebookresearch/mae, models_mae.py, util/pos_embed.py)
import type { KnownOrigin } from "../origins/index.ts";
import { describePlain, hasPlainBlocks, imagenetCropped, recognizedAsImagenet, withClassPosition } from "./plain.ts";

export const mae = {
  name: "mae",
  title: "MAE's authors",
  conventions: {
    weights: "raw",
    resizing: { tableResizing: "geometric-cubic", positionResizing: "bicubic" },
    preprocessing: (config) => imagenetCropped(config, 0.875), // util/datasets.py
  },
  naming: withClassPosition,
  recognizes: ({ tensors: all, root }, tensors) =>
    root !== undefined && all.has("model.patch_embed.proj.weight") && hasPlainBlocks(tensors),
  describe: (_, tensors, given) => ({
    ...describePlain(tensors, given.config, [given.imageSize]),
    normalization: recognizedAsImagenet,
  }),
} as const satisfies KnownOrigin;
