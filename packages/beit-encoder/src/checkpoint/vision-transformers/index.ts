// Encoders that are no BEiT but have its blocks: weights of others for probes, neighbors, features and fine-tuning. A module of its own,
// so that a page that opens BEiT alone does not carry them.
import type { KnownOrigin } from "../origins/index.ts";
import { dino } from "./dino.ts";
import { dinov3 } from "./dinov3.ts";
import { huggingFaceViT } from "./hugging-face.ts";
import { mae } from "./mae.ts";
import { timmViT } from "./timm.ts";

/**
 * Plain vision transformers of timm, of DINO's, DINOv2's, MoCo v3's and MAE's authors, and of transformers, for `openBeit`:
 *
 * ```ts
 * const model = await openBeit("https://huggingface.co/facebook/dinov2-small", cpu, { origins: visionTransformers });
 * ```
 *
 * What they are is a config of ours like any other, with `registers` where they have them.
 */
export const visionTransformers: readonly KnownOrigin[] = [dinov3, huggingFaceViT, mae, timmViT, dino];
