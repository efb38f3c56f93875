// The tokenizer's objective: a reconstruction of the relaxed sample, plus the KL to a uniform prior. (DALL-E paper §2.1)
import type { Tensor } from "@beitjs/tensor-core";
import { addScaled, klToUniform, logitLaplace, meanSquaredError, smoothL1 } from "@beitjs/tensor-core/ops";
import type { ReconstructionLoss } from "./config.ts";

/** Mean reconstruction loss over sub-pixels. `output` [B, H, W, C or 2 C], `target` [B, H, W, C], both in the network's range. */
export function reconstructionLoss(output: Tensor, target: Tensor, kind: ReconstructionLoss): Tensor {
  if (kind === "logit-laplace") return logitLaplace(output, target);
  return kind === "mse" ? meanSquaredError(output, target) : smoothL1(output, target);
}

/**
 * Negative ELBO: reconstruction + weight * mean KL per grid cell, KL = ln V - H(q) from the logits without noise or
 * temperature. DALL-E's beta of 6.6 on sums is a weight of 6.6 / 192 here, at 192 sub-pixels a token.
 */
export function negativeElbo(
  reconstruction: Tensor,
  logits: Tensor,
  klWeight: number,
): { readonly loss: Tensor; readonly kl: Tensor } {
  const kl = klToUniform(logits);
  return { loss: addScaled(reconstruction, kl, { scale: klWeight }), kl };
}
