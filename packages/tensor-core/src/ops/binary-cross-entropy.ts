// Mean binary cross-entropy of logits, sigmoid included: every logit is a yes or no of its own, as where images have several labels.
// max(x, 0) - x y + ln(1 + exp(-|x|)) is -y ln s(x) - (1 - y) ln(1 - s(x)) without overflow, whatever x is.
import type { Tensor } from "../tensor.ts";
import { expect, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

type Inputs = { logits: Tensor; targets: Tensor; weights?: Tensor | undefined };

export const binaryCrossEntropyOp = defineOp<Inputs, "loss">({
  name: "BinaryCrossEntropy",
  shape({ logits, targets, weights }) {
    const nonEmpty = logits.every((size) => size >= 1);
    expect("BinaryCrossEntropy", nonEmpty, "logits with at least one element", `[${logits.join(", ")}]`);
    expectShape("BinaryCrossEntropy", "targets", targets, logits);
    if (weights) expectShape("BinaryCrossEntropy", "weights", weights, logits);
    return { loss: [] };
  },
  saves: ["logits", "targets", "weights"],
  forward({ logits, targets, weights }, { loss }) {
    for (let i = 0; i < logits.length; i++) {
      loss[0] += ((weights ? weights[i] : 1) * lossOf(logits[i], targets[i])) / logits.length;
    }
  },
  // dlogits = w (s(x) - y) dloss / n, dtargets = -w x dloss / n
  backward({ dloss, logits, targets, weights }, { dlogits, dtargets, dweights }) {
    const scale = dloss[0] / logits.length;
    for (let i = 0; i < logits.length; i++) {
      const weight = weights ? weights[i] : 1;
      dlogits[i] = scale * weight * (1 / (1 + Math.exp(-logits[i])) - targets[i]);
      dtargets[i] = -scale * weight * logits[i];
      if (weights) dweights[i] = scale * lossOf(logits[i], targets[i]);
    }
  },
});

/**
 * Mean over all elements of weight times binary cross-entropy, as PyTorch's `binary_cross_entropy_with_logits`. [...], same -> []
 *
 * @param targets in [0, 1]: 1 for yes
 * @param options.weights a factor of each element
 */
export function binaryCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  { weights }: { readonly weights?: Tensor | undefined } = {},
): Tensor {
  return apply(binaryCrossEntropyOp, { logits, targets, weights }, {}).loss;
}

function lossOf(logit: number, target: number): number {
  return Math.max(logit, 0) - logit * target + Math.log1p(Math.exp(-Math.abs(logit)));
}
