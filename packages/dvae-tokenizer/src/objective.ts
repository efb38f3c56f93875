// What a training step of the tokenizer minimizes, as one function of its parameters.
import type { Tensor } from "@beitjs/tensor-core";
import { argmax } from "@beitjs/tensor-core/ops";
import type { DvaeConfig } from "./config.ts";
import { negativeElbo, reconstructionLoss } from "./loss.ts";
import { mapPixels } from "./pixels.ts";
import { relax, type RelaxationOptions } from "./relaxation.ts";
import { decodeMixture, encodeLogits, type DvaeParams } from "./tokenizer.ts";

export type TokenizerObjective = {
  /** Negative ELBO: reconstruction + klWeight * kl. */
  readonly loss: Tensor;
  readonly reconstruction: Tensor;
  /** Mean KL to the uniform prior per grid cell, in [0, ln V]. */
  readonly kl: Tensor;
  /** The tokens these images have now, int32 [B, S, S]: for statistics of codebook use. */
  readonly visualTokens: Tensor;
};

/** The tokenizer's loss on images [B, size, size, C] in [0, 1]. */
export function tokenizerObjective(
  config: DvaeConfig,
  params: DvaeParams,
  images: Tensor,
  { klWeight, ...relaxation }: RelaxationOptions & { readonly klWeight: number },
): TokenizerObjective {
  const target = mapPixels(images, config.pixelRange);
  const logits = encodeLogits(config, params, target); // [B, S, S, V]
  const output = decodeMixture(config, params, relax(logits, relaxation)); // [B, H, W, C or 2 C]
  const reconstruction = reconstructionLoss(output, target, config.reconstruction);
  return { ...negativeElbo(reconstruction, logits, klWeight), reconstruction, visualTokens: argmax(logits) };
}
