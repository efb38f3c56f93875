// Gumbel-softmax: a sample from the codebook that gradients can pass. (Jang et al. 2017, Maddison et al. 2017)
import type { Tensor } from "@beitjs/tensor-core";
import { gumbelNoise, gumbelSoftmax } from "@beitjs/tensor-core/ops";
import type { RngAddress } from "@beitjs/tensor-core/random";

export type RelaxationOptions = {
  /** Low temperatures come close to one-hot samples; DALL-E anneals from 1 to 1/16. */
  readonly temperature: number;
  /** Straight-through: a hard sample forward, the soft one's gradient backward. DALL-E trains with soft ones. */
  readonly hard?: boolean;
  /** Where the noise comes from: an address of random numbers, or the noise itself, shaped like the logits. */
  readonly noise: RngAddress | Tensor;
};

/** softmax((logits + g) / temperature), g standard Gumbel. [..., V] -> [..., V] */
export function relax(logits: Tensor, { temperature, hard = false, noise }: RelaxationOptions): Tensor {
  const g = "shape" in noise ? noise : gumbelNoise(logits.shape, noise, logits.backend);
  return gumbelSoftmax(logits, g, { temperature, hard });
}
