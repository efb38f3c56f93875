// What is read from encoded tokens: visual tokens behind masked patches (pre-training) or classes (fine-tuning).
// (BEiT paper, sections 2.3 and 2.6)
import { scope, tensor, type Tensor } from "@beitjs/tensor-core";
import { layerNorm, linear, type LayerNormParams } from "@beitjs/tensor-core/nn";
import { gatherRows, linearCrossEntropy, meanTokens, reshape } from "@beitjs/tensor-core/ops";
import { patchCount, poolingNormOf, predictedTokens, type BeitConfig } from "./config.ts";
import { maskedRows, patchRows, type MaskInput } from "./masks.ts";
import type { Beit } from "./parameters.ts";

/**
 * Visual-token logits. With a mask, of the masked patches only, example by example: [B, N + 1, D] -> [masked, vocabSize].
 * Without one, of all patches: -> [B, N, vocabSize]
 *
 * @throws if the model has no visual-token head, the mask does not fit, or nothing is masked
 */
export function visualTokenLogits(beit: Beit, encoded: Tensor, mask?: MaskInput): Tensor {
  const { head, rows, size } = visualTokenRows("visualTokenLogits", beit, encoded, mask);
  return scope(encoded.backend, () => {
    const logits = linear(layerNorm(pickRows(encoded, rows), head.norm, beit.config), head); // [masked, V]
    return mask ? logits : reshape(logits, [size.batch, size.patches, predictedTokens(beit.config)]);
  });
}

/**
 * Mean cross-entropy of the visual tokens behind the masked patches, and the most likely ones; without a mask, of all patches. Where a
 * backend can, without all logits in memory at once. [B, N + 1, D], int32 [masked] -> [] and int32 [masked]
 *
 * @param targets visual tokens of the masked patches, example by example
 * @throws as `visualTokenLogits`, and if there is not one target for every masked patch
 */
export function visualTokenLoss(
  beit: Beit,
  encoded: Tensor,
  { mask, targets }: { readonly mask?: MaskInput | undefined; readonly targets: Tensor },
): { readonly loss: Tensor; readonly predictions: Tensor } {
  const { head, rows } = visualTokenRows("visualTokenLoss", beit, encoded, mask);
  return scope(encoded.backend, () =>
    linearCrossEntropy(layerNorm(pickRows(encoded, rows), head.norm, beit.config), head, targets),
  );
}

/**
 * Class logits from the mean of the patches or from the class token. [B, N + 1, D] -> [B, classes]
 *
 * @throws if the model has no class head
 */
export function classLogits(beit: Beit, encoded: Tensor): Tensor {
  const { classHead } = beit.params;
  if (!classHead) throw new Error("[classLogits] expected a model with classes above 0, got 0");
  checkEncoded("classLogits", beit.config, encoded);
  return scope(encoded.backend, () => linear(pooledFeatures(beit, encoded), classHead));
}

/**
 * One vector an image: what the class head sees, the mean of the patches or the class token, normalized after pooling or before it.
 * Of a model without a class head the same where it has a norm, else the mean of the patches as it is. [B, N + 1, D] -> [B, D]
 */
export function pooledFeatures(beit: Beit, encoded: Tensor): Tensor {
  const { config, params } = beit;
  const batch = checkEncoded("pooledFeatures", config, encoded);
  const place = poolingNormOf(config);
  if (place === undefined) return meanTokens(encoded);
  const normalized = (x: Tensor): Tensor =>
    layerNorm(x, (place === "before" ? params.norm : params.classNorm) as LayerNormParams, config);
  return scope(encoded.backend, () => {
    if (config.pooling === "mean") {
      return place === "before" ? meanTokens(normalized(encoded)) : normalized(meanTokens(encoded));
    }
    // A token's norm is its own: before or after, it is the same.
    const classRows = Int32Array.from({ length: batch }, (_, example) => example * encoded.shape[1]);
    return normalized(pickRows(encoded, classRows)); // [B, D]
  });
}

// The head, and the rows of all tokens that it reads.
function visualTokenRows(caller: string, { config, params }: Beit, encoded: Tensor, mask: MaskInput | undefined) {
  const { decoder, norm = decoder?.norm, visualTokenHead = decoder?.head } = params;
  if (!norm || !visualTokenHead || predictedTokens(config) === 0)
    throw new Error(`[${caller}] expected a model with vocabSize above 0, got 0`);
  return { head: { norm: decoder?.norm ?? norm, ...visualTokenHead }, ...predictedRows(caller, config, encoded, mask) };
}

/** @internal Rows of masked patches, or of all, in tokens that hidden patches are predicted from. */
export function predictedRows(caller: string, config: BeitConfig, encoded: Tensor, mask: MaskInput | undefined) {
  const width = config.decoder?.width ?? config.width;
  const size = { batch: checkEncoded(caller, { ...config, width }, encoded), patches: patchCount(config) };
  const rows = mask ? maskedRows(caller, mask, size) : patchRows(size);
  if (rows.length === 0) throw new Error(`[${caller}] expected at least one masked patch, got none`);
  return { rows, size };
}

/** @internal Rows of a batch's tokens. [B, T, D] -> [rows, D] */
export function pickRows(encoded: Tensor, rows: Int32Array): Tensor {
  const [batch, tokens, width] = encoded.shape;
  const index = tensor(rows, [rows.length], encoded.backend, "int32");
  return gatherRows(reshape(encoded, [batch * tokens, width]), index); // [rows, D]
}

function checkEncoded(caller: string, config: BeitConfig, encoded: Tensor): number {
  const expected = [patchCount(config) + 1, config.width];
  if (encoded.shape.length !== 3 || expected.some((side, i) => side !== encoded.shape[i + 1])) {
    throw new Error(`[${caller}] expected encoded [B, ${expected.join(", ")}], got [${encoded.shape.join(", ")}]`);
  }
  return encoded.shape[0];
}
