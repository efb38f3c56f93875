// Features that `beit encode` writes, by the names of its flag.
import { embedViews, patchCount, type Beit } from "@beitjs/beit-encoder";
import type { Shape } from "@beitjs/tensor-core";

export type FeatureKind = "pooled" | "patches" | "tokens";

export type FeatureOptions = {
  readonly kind: FeatureKind;
  /** Block, from 0, whose output is taken as it is; default: the last one, and what belongs behind it. */
  readonly layer: number | undefined;
};

/** Shape of the features of one image. */
export function featureShape({ config }: Beit, kind: FeatureKind): Shape {
  const patches = patchCount(config);
  if (kind === "pooled") return [config.width];
  return [kind === "patches" ? patches : patches + 1, config.width];
}

/**
 * Features of images, one image after another.
 *
 * - `tokens`: all tokens after the block, class token first, [N + 1, D]
 * - `patches`: the same without the class token, [N, D]
 * - `pooled`: as `embed` pools, [D]
 */
export async function imageFeatures(
  beit: Beit,
  views: readonly Float32Array[],
  { kind, layer }: FeatureOptions,
): Promise<Float32Array> {
  const features = await embedViews(beit, views, { layer, ...(kind !== "pooled" && { pooling: "none" }) });
  return kind === "patches" ? withoutClassToken(features, beit) : features;
}

function withoutClassToken(tokens: Float32Array, { config }: Beit): Float32Array {
  const length = patchCount(config) * config.width;
  const images = tokens.length / (length + config.width);
  const patches = new Float32Array(images * length);
  for (let i = 0; i < images; i++) {
    const first = i * (length + config.width) + config.width;
    patches.set(tokens.subarray(first, first + length), i * length);
  }
  return patches;
}
