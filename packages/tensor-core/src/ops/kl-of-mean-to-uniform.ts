// How evenly a batch uses the codebook: KL(p || uniform) of the mean token distribution p over all positions. Near 0 when
// every entry is used alike, ln V when one entry takes all; as a loss it keeps a small codebook from collapsing.
import type { Tensor } from "../tensor.ts";
import { expect } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const klOfMeanToUniformOp = defineOp<{ logits: Tensor }, "y" | "mean">({
  name: "KlOfMeanToUniform",
  shape({ logits }) {
    expect(
      "KlOfMeanToUniform",
      logits.length >= 1 && !logits.includes(0),
      "logits [..., V] with values",
      `[${logits.join(", ")}]`,
    );
    return { y: [], mean: [logits[logits.length - 1]] };
  },
  saves: ["logits", "mean"],
  forward({ logits }, { y, mean }) {
    const width = mean.length;
    const rows = logits.length / width;
    for (let row = 0; row < rows; row++) {
      softmaxRow(logits, row, width).forEach((probability, k) => (mean[k] += probability / rows));
    }
    for (const share of mean) if (share > 0) y[0] += share * Math.log(share * width);
  },
  // With g_k = ln p_k: dlogit = dy * q_k * (g_k - sum_j q_j g_j) / rows; the constants of dKL/dp cancel.
  backward({ dy, logits, mean }, { dlogits }) {
    const width = mean.length;
    const rows = logits.length / width;
    const logMean = mean.map(Math.log);
    for (let row = 0; row < rows; row++) {
      const probabilities = softmaxRow(logits, row, width);
      const average = probabilities.reduce((sum, q, k) => (q > 0 ? sum + q * logMean[k] : sum), 0);
      probabilities.forEach((q, k) => {
        dlogits[row * width + k] = q > 0 ? (dy[0] * q * (logMean[k] - average)) / rows : 0;
      });
    }
  },
});

/** KL divergence of the mean over all rows of softmax(logits) from the uniform distribution. [..., V] -> [], in [0, ln V] */
export function klOfMeanToUniform(logits: Tensor): Tensor {
  return apply(klOfMeanToUniformOp, { logits }, {}).y;
}

function softmaxRow(logits: Float64Array, row: number, width: number): Float64Array {
  const values = logits.subarray(row * width, (row + 1) * width);
  const largest = values.reduce((best, value) => Math.max(best, value), -Infinity);
  const exponentials = values.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}
