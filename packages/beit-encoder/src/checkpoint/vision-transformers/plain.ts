// What the origins of plain vision transformers have in common: how a config is read from names and shapes.
import { namedNormalization, type KnownNormalization } from "../normalization.ts";
import { inferConfig, type InferredConfig } from "../infer-config.ts";
import { croppedAtCenter, type Preprocessing } from "../preprocessing.ts";
import type { BeitConfig } from "../../config.ts";
import type { ImageSize } from "@beitjs/tensor-core/grid";
import type { ModelTensors, Naming } from "../origins/origin.ts";
import { lacksClassPosition, officialShapesOf, plainNaming } from "./naming.ts";
import { checkPlain } from "./refusals.ts";

/** A width of 64 a head is the rule; these have others. (MAE and timm: huge; timm: giant, gigantic) */
const headsByWidth: ReadonlyMap<number, number> = new Map([1280, 1408, 1664].map((width) => [width, 16]));

/** All of them were trained with ImageNet's mean and std. */
export const recognizedAsImagenet: KnownNormalization = { reason: "recognized", is: "imagenet" };

export const withClassPosition = plainNaming({ classPosition: true });
const ofPatchesAlone = plainNaming({ classPosition: false });

/** Whether tensors are named as those of a plain vision transformer, not as BEiT's. */
export function hasPlainBlocks(tensors: ModelTensors): boolean {
  return [...tensors.keys()].some((name) => /^blocks\.(\d+\.)+attn\.qkv\.bias$/.test(name));
}

/**
 * The config, and what the parameters are called.
 *
 * @throws for what is no plain vision transformer, and as `inferConfig`
 */
export function describePlain(
  tensors: ModelTensors,
  given: Partial<BeitConfig>,
  sizes: readonly (ImageSize | undefined)[],
): InferredConfig & { readonly naming: Naming } {
  checkPlain(tensors, withClassPosition);
  const naming = lacksClassPosition(tensors) ? ofPatchesAlone : withClassPosition;
  const shapes = officialShapesOf(tensors, naming, naming === withClassPosition);
  const registers = shapes.get("reg_token")?.shape[1];
  const heads = given.heads ?? headsByWidth.get(shapes.get("patch_embed.proj.weight")?.shape[0] ?? 0);
  const known = { ...(registers && { registers }), ...given, ...(heads && { heads }) };
  const { config, guessed } = inferConfig(shapes, known, sizes);
  return { config, guessed: given.heads === undefined ? ["heads"] : guessed, naming };
}

/** The center of an image that is larger by `share`, scaled by ImageNet's mean and std where it is RGB. */
export function imagenetCropped(
  config: { readonly imageSize: ImageSize; readonly channels: number },
  share: number,
): Preprocessing {
  return {
    ...croppedAtCenter(config, share),
    ...(config.channels === 3 && namedNormalization("imagenet", config.channels)),
  };
}
