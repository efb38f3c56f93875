// DINO, DINOv2 and MoCo v3 as their authors released them: files of torch with names and shapes alone.
// (facebookresearch/dino, dinov2 and moco-v3)
import type { KnownOrigin } from "../origins/index.ts";
import { describePlain, hasPlainBlocks, imagenetCropped, recognizedAsImagenet, withClassPosition } from "./plain.ts";

/** DINOv2 learned positions of images of 518 pixels last, and takes features of 224. (dinov2/data/transforms.py) */
const seenSize = { stored: 518, patchSize: 14, taken: 224 };

export const dino = {
  name: "dino",
  title: "DINO's authors",
  conventions: {
    weights: "raw",
    // vision_transformer.py: a scale of (patches + 0.1) / patches, and no size.
    resizing: { tableResizing: "geometric-cubic", positionResizing: "shifted-bicubic" },
    preprocessing: (config) => imagenetCropped(config, 0.875), // eval_linear.py
  },
  naming: withClassPosition,
  recognizes: (_, tensors) => hasPlainBlocks(tensors),

  describe({ tensors: all }, tensors, given) {
    // MoCo v3's small one has twice the heads. (moco-v3, vits.py)
    const ofMoco = [...all.keys()].some((name) => name.includes("base_encoder.patch_embed."));
    const narrow = tensors.get("cls_token")?.shape[2] === 384;
    const heads = ofMoco && narrow ? { heads: 12 } : undefined;
    const described = describePlain(tensors, { ...heads, ...given.config }, [given.imageSize]);
    const { imageSize, patchSize, registers } = described.config;
    const isLarge = imageSize === seenSize.stored && patchSize === seenSize.patchSize;
    return {
      ...described,
      normalization: recognizedAsImagenet,
      ...(isLarge && { imageSize: seenSize.taken }),
      // dinov2/hub/backbones.py
      ...(registers && { resizing: { positionResizing: "antialiased-bicubic" } }),
    };
  },
} as const satisfies KnownOrigin;
