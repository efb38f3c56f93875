// KL divergence of softmax(logits) from the uniform distribution: sum_k q_k (ln q_k + ln V), averaged over positions.
// The prior term of the dVAE's ELBO (Ramesh et al. 2021, section 2.1). ln q is a log-softmax, never a log of a softmax.
import type { Tensor } from "../tensor.ts";
import { expect } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const klToUniformOp = defineOp<{ logits: Tensor }, "loss" | "logSumExp" | "divergence">({
  name: "KlToUniform",
  shape({ logits }) {
    const nonEmpty = logits.length >= 1 && logits.every((size) => size >= 1);
    expect("KlToUniform", nonEmpty, "logits [..., V] with at least one element", `[${logits.join(", ")}]`);
    const positions = logits.slice(0, -1);
    return { loss: [], logSumExp: positions, divergence: positions };
  },
  saves: ["logits", "logSumExp", "divergence"],
  forward({ logits }, { loss, logSumExp, divergence }) {
    const width = logits.length / divergence.length;
    for (let row = 0; row < divergence.length; row++) {
      const values = logits.subarray(row * width, (row + 1) * width);
      const largest = values.reduce((best, value) => Math.max(best, value), -Infinity);
      logSumExp[row] = largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
      divergence[row] = Math.log(width);
      for (const value of values) divergence[row] += Math.exp(value - logSumExp[row]) * (value - logSumExp[row]);
      loss[0] += divergence[row] / divergence.length;
    }
  },
  // d/dz_i sum_k q_k ln q_k = q_i * (ln q_i - sum_k q_k ln q_k).
  backward({ dloss, logits, logSumExp, divergence }, { dlogits }) {
    const width = logits.length / divergence.length;
    for (let i = 0; i < logits.length; i++) {
      const row = Math.floor(i / width);
      const logProbability = logits[i] - logSumExp[row];
      const negativeEntropy = divergence[row] - Math.log(width);
      dlogits[i] = (dloss[0] / divergence.length) * Math.exp(logProbability) * (logProbability - negativeEntropy);
    }
  },
});

/** Mean over positions of KL(softmax(logits) || uniform), from 0 to ln V. [..., V] -> [] */
export function klToUniform(logits: Tensor): Tensor {
  return apply(klToUniformOp, { logits }, {}).loss;
}
