// The pixels of patches as what is to be predicted, in the place of visual tokens: BEiT's ablation (section 3.3, table 4) and the
// masked autoencoder's target. (He et al. 2021, section 3)
import { scope, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { layerNorm, linear, type LayerNormParams, type LinearParams } from "@beitjs/tensor-core/nn";
import { layerNorm as normalizeRows, meanAbsoluteError, meanSquaredError } from "@beitjs/tensor-core/ops";
import { predictionOf, type BeitConfig } from "./config.ts";
import { pickRows, predictedRows } from "./heads.ts";
import type { MaskInput } from "./masks.ts";
import type { Beit } from "./parameters.ts";
import { patchPixels } from "./patch-embedding.ts";

/** How pixels are compared. */
export type PixelComparison = {
  /** Whether a patch's values are told without their mean and in units of their standard deviation. */
  readonly normalized: boolean;
  /** Of which errors the loss is the mean; squared ones by default. */
  readonly error?: "squared" | "absolute" | undefined;
};

export type PixelOptions = PixelComparison & {
  /** The patches that are predicted; all without it. */
  readonly mask?: MaskInput | undefined;
};

/** Variance offset of patches that are normalized. */
const PATCH_EPSILON = 1e-6;

/**
 * Mean error of the pixels that are predicted for masked patches; without a mask, for all. [B, N + 1, W], [B, H, W, C] -> []
 *
 * @param tokens of `encodeMasked`
 * @param pixels what the encoder was given
 * @throws if the model has no head for pixels, the mask does not fit, or nothing is masked
 */
export function pixelLoss(beit: Beit, tokens: Tensor, pixels: Tensor, options: PixelOptions): Tensor {
  return scope(tokens.backend, () => {
    const predicted = pixelPredictions(beit, tokens, options);
    const { rows } = predictedRows("pixelLoss", beit.config, tokens, options.mask);
    const compare = options.error === "absolute" ? meanAbsoluteError : meanSquaredError;
    return compare(predicted, pixelTargets(beit.config, pixels, rows, options));
  });
}

/** Pixels predicted for masked patches, example by example, as `pixelLoss` compares them. [B, N + 1, W] -> [masked, P·P·C] */
export function pixelPredictions(beit: Beit, tokens: Tensor, { mask }: Pick<PixelOptions, "mask">): Tensor {
  const { config, params } = beit;
  const { decoder } = params;
  if (predictionOf(config) !== "pixels")
    throw new Error("[pixelPredictions] expected a model with a head for pixels, got one without");
  const norm = (decoder ?? params).norm as LayerNormParams;
  const { rows } = predictedRows("pixelPredictions", config, tokens, mask);
  return scope(tokens.backend, () =>
    linear(layerNorm(pickRows(tokens, rows), norm, config), decoder?.head ?? (params.pixelHead as LinearParams)),
  );
}

/**
 * Predictions as values of the pixels they stand for, in place: the mean and the deviation of the patch that was there are put back.
 *
 * @param predictions of one patch, as `pixelPredictions` gives them where patches are normalized
 * @param patch what the image has there
 */
export function withPatchStatistics(predictions: Float32Array, patch: Float32Array): Float32Array {
  const mean = patch.reduce((sum, value) => sum + value, 0) / patch.length;
  const squares = patch.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / Math.max(1, patch.length - 1) + PATCH_EPSILON);
  for (let i = 0; i < predictions.length; i++) predictions[i] = mean + deviation * predictions[i];
  return predictions;
}

// Rows of tokens are those of patches, and a class token in front of each image's.
function pixelTargets(config: BeitConfig, pixels: Tensor, rows: Int32Array, { normalized }: PixelOptions): Tensor {
  const patches = patchPixels(pixels, config); // [B, N, P P C]
  const [, count, size] = patches.shape;
  const values = pickRows(
    patches,
    rows.map((row) => row - Math.floor(row / (count + 1)) - 1),
  );
  return normalized ? normalizedPatches(values, size) : values;
}

// (v - mean) / sqrt(variance + epsilon) with the unbiased variance, told by a layer norm, whose variance is n - 1 of n of that.
function normalizedPatches(values: Tensor, size: number): Tensor {
  const { backend } = values;
  const share = (size - 1) / size;
  return normalizeRows(
    values,
    { gamma: filled(Math.sqrt(share), size, backend), beta: filled(0, size, backend) },
    { epsilon: PATCH_EPSILON * share },
  );
}

function filled(value: number, size: number, backend: Backend): Tensor {
  return tensor(new Float32Array(size).fill(value), [size], backend);
}
