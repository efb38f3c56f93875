// What a training step of the tokenizer minimizes, as one function of its parameters.
import type { Tensor } from "@beitjs/tensor-core";
import { addScaled, argmax, klOfMeanToUniform } from "@beitjs/tensor-core/ops";
import type { DvaeConfig } from "./config.ts";
import { negativeElbo, reconstructionLoss } from "./loss.ts";
import { mapPixels } from "./pixels.ts";
import { relax, type RelaxationOptions } from "./relaxation.ts";
import { decodeMixture, encodeLogits, type DvaeParams } from "./tokenizer.ts";

export type TokenizerObjective = {
  /** Negative ELBO, reconstruction + klWeight * kl; plus balanceWeight * balance where that is not 0. */
  readonly loss: Tensor;
  readonly reconstruction: Tensor;
  /** Mean KL to the uniform prior per grid cell, in [0, ln V]. */
  readonly kl: Tensor;
  /** KL of the batch's mean token distribution to the uniform one, in [0, ln V]: 0 when all entries are used alike. */
  readonly balance: Tensor;
  /** The tokens these images have now, int32 [B, rows, cols]: for statistics of codebook use. */
  readonly visualTokens: Tensor;
};

export type ObjectiveOptions = RelaxationOptions & {
  readonly klWeight: number;
  /**
   * Weight of `balance`. The KL of each position alone lets a small codebook collapse: a few entries serve all positions.
   * Asking the mean over the batch to be uniform keeps entries in use and leaves each position free to be sure of itself.
   */
  readonly balanceWeight?: number;
};

/** The tokenizer's loss on images [B, H, W, C] in [0, 1]. */
export function tokenizerObjective(
  config: DvaeConfig,
  params: DvaeParams,
  images: Tensor,
  { klWeight, balanceWeight = 0, ...relaxation }: ObjectiveOptions,
): TokenizerObjective {
  const target = mapPixels(images, config.pixelRange);
  const logits = encodeLogits(config, params, target); // [B, rows, cols, V]
  const output = decodeMixture(config, params, relax(logits, relaxation)); // [B, H, W, C or 2 C]
  const reconstruction = reconstructionLoss(output, target, config.reconstruction);
  const { loss: elbo, kl } = negativeElbo(reconstruction, logits, klWeight);
  const balance = klOfMeanToUniform(logits);
  const loss = balanceWeight === 0 ? elbo : addScaled(elbo, balance, { scale: balanceWeight });
  return { loss, reconstruction, kl, balance, visualTokens: argmax(logits) };
}
