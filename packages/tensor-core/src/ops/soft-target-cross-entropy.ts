// Cross-entropy of logits against weights of all entries, softmax included: -sum_k t_k ln p_k, the mean over rows. The weights may be a
// distribution (smoothed or mixed labels), or one times a weight of the row, as where classes have weights.
import type { Tensor } from "../tensor.ts";
import { expect, expectRank, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

/** logSumExp is in two parts, as attention's; mass is a row's sum of targets. */
export const softTargetCrossEntropyOp = defineOp<
  { logits: Tensor; targets: Tensor },
  "loss" | "logSumExp" | "mass" | "losses"
>({
  name: "SoftTargetCrossEntropy",
  shape({ logits, targets }) {
    expectRank("SoftTargetCrossEntropy", "logits", logits, 2, "M, V");
    const nonEmpty = logits[0] > 0 && logits[1] > 0;
    expect("SoftTargetCrossEntropy", nonEmpty, "logits [M, V] with M and V at least 1", `[${logits.join(", ")}]`);
    expectShape("SoftTargetCrossEntropy", "targets", targets, logits);
    return { loss: [], logSumExp: [logits[0], 2], mass: [logits[0]], losses: [logits[0]] };
  },
  saves: ["logits", "targets", "logSumExp", "mass"],
  forward({ logits, targets }, { loss, logSumExp, mass, losses }) {
    const rows = losses.length;
    const width = logits.length / rows;
    for (let row = 0; row < rows; row++) {
      const from = row * width;
      let largest = -Infinity;
      for (let i = from; i < from + width; i++) largest = Math.max(largest, logits[i]);
      let exponentials = 0;
      for (let i = from; i < from + width; i++) exponentials += Math.exp(logits[i] - largest);
      const logarithm = Math.log(exponentials);
      logSumExp[row * 2] = largest;
      logSumExp[row * 2 + 1] = logarithm;
      // Everything relative to the largest logit: a common offset costs no digits.
      for (let i = from; i < from + width; i++) {
        mass[row] += targets[i];
        losses[row] += targets[i] * (logarithm - (logits[i] - largest));
      }
      loss[0] += losses[row] / rows;
    }
  },
  // dlogits = (mass softmax - targets) dloss / M, dtargets = -ln softmax dloss / M
  backward({ dloss, logits, targets, logSumExp, mass }, { dlogits, dtargets }) {
    const rows = mass.length;
    const width = logits.length / rows;
    for (let i = 0; i < logits.length; i++) {
      const row = Math.floor(i / width);
      const logProbability = logits[i] - logSumExp[row * 2] - logSumExp[row * 2 + 1];
      dlogits[i] = ((mass[row] * Math.exp(logProbability) - targets[i]) * dloss[0]) / rows;
      dtargets[i] = (-logProbability * dloss[0]) / rows;
    }
  },
});

/**
 * Mean over rows of -sum_k t_k ln softmax(logits)_k. [M, V], same -> []
 *
 * @param targets what each entry counts; they need not add up to 1
 */
export function softTargetCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  return apply(softTargetCrossEntropyOp, { logits, targets }, {}).loss;
}
