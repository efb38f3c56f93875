// The pixels of patches as what is to be predicted, in the place of visual tokens: BEiT's ablation (section 3.3, table 4) and the
// masked autoencoder's target. (He et al. 2021, section 3)
import { scope, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { layerNorm, linear, type LayerNormParams, type LinearParams } from "@beitjs/tensor-core/nn";
import { layerNorm as normalizeRows, meanSquaredError } from "@beitjs/tensor-core/ops";
import { predictionOf, type BeitConfig } from "./config.ts";
import { pickRows, predictedRows } from "./heads.ts";
import type { MaskInput } from "./masks.ts";
import type { Beit } from "./parameters.ts";
import { patchPixels } from "./patch-embedding.ts";

export type PixelOptions = {
  /** The patches that are predicted; all without it. */
  readonly mask?: MaskInput | undefined;
  /** Whether a patch's values are told without their mean and in units of their standard deviation. */
  readonly normalized: boolean;
};

/** Variance offset of patches that are normalized. */
const EPSILON = 1e-6;

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
    return meanSquaredError(predicted, pixelTargets(beit.config, pixels, rows, options));
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
    { epsilon: EPSILON * share },
  );
}

function filled(value: number, size: number, backend: Backend): Tensor {
  return tensor(new Float32Array(size).fill(value), [size], backend);
}
