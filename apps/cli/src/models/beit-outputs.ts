// What a BEiT says about prepared images: class probabilities, or features to build on.
import { classLogits, encode, encodeWithFeatures, patchCount, pooledFeatures, type Beit } from "@beitjs/beit-encoder";
import { disposeTree, scope, tensor, type Shape, type Tensor } from "@beitjs/tensor-core";
import { gatherRows, meanTokens, reshape } from "@beitjs/tensor-core/ops";
import { viewBatch } from "@beitjs/trainers";

export type FeatureKind = "pooled" | "patches" | "tokens";

export type FeatureOptions = {
  readonly kind: FeatureKind;
  /** Block, from 0, whose output is taken as it is; default: the last one, and what belongs behind it. */
  readonly layer: number | undefined;
};

/** Probabilities of the classes, in float64, one row an image. */
export async function classProbabilities(beit: Beit, views: readonly Float32Array[]): Promise<Float64Array[]> {
  const { classes } = beit.config;
  const values = await readOf(beit, views, (pixels) => classLogits(beit, encode(beit, pixels)));
  return views.map((_, i) => softmax(values.subarray(i * classes, (i + 1) * classes)));
}

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
 * - `pooled`: what a class head sees, or would see (see `pooledFeatures`); with `layer`, the mean of the patches, [D]
 */
export async function imageFeatures(
  beit: Beit,
  views: readonly Float32Array[],
  { kind, layer }: FeatureOptions,
): Promise<Float32Array> {
  return readOf(beit, views, (pixels) => {
    const encoded = encodedAt(beit, pixels, layer);
    if (kind === "tokens") return encoded;
    if (kind === "patches") return withoutClassToken(encoded);
    return layer === undefined ? pooledFeatures(beit, encoded) : meanTokens(encoded);
  });
}

function encodedAt(beit: Beit, pixels: Tensor, layer: number | undefined): Tensor {
  if (layer === undefined) return encode(beit, pixels);
  return encodeWithFeatures(beit, pixels, { blocks: [layer] }).features[0];
}

function withoutClassToken(encoded: Tensor): Tensor {
  const [batch, tokens, width] = encoded.shape;
  const rows = Int32Array.from({ length: batch * tokens }, (_, row) => row).filter((row) => row % tokens > 0);
  const index = tensor(rows, [rows.length], encoded.backend, "int32");
  const patches = gatherRows(reshape(encoded, [batch * tokens, width]), index); // [B N, D]
  return reshape(patches, [batch, tokens - 1, width]);
}

async function readOf(
  { config, params }: Beit,
  views: readonly Float32Array[],
  compute: (pixels: Tensor) => Tensor,
): Promise<Float32Array> {
  const { backend } = params.classToken;
  const result = scope(backend, () => compute(viewBatch(views, config, backend)));
  const values = Float32Array.from(await result.read());
  disposeTree(result);
  if (!values.every(Number.isFinite)) {
    throw new Error("expected finite numbers from the model, got others: its weights may be damaged");
  }
  return values;
}

function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
