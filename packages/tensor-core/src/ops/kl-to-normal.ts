// KL divergence of N(mean, exp(logVariance)) from N(0, 1): 1/2 sum(mean^2 + variance - ln variance - 1), averaged over
// the batch. (Kingma & Welling 2014, appendix B)
import type { Tensor } from "../tensor.ts";
import { expect, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const klToNormalOp = defineOp<{ mean: Tensor; logVariance: Tensor }, "loss">({
  name: "KlToNormal",
  shape({ mean, logVariance }) {
    expect("KlToNormal", mean.length >= 1 && mean[0] >= 1, "mean [B, ...] with B >= 1", `[${mean.join(", ")}]`);
    expectShape("KlToNormal", "logVariance", logVariance, mean);
    return { loss: [] };
  },
  saves: ["mean", "logVariance"],
  forward({ mean, logVariance }, { loss }, _, { mean: [batch] }) {
    for (let i = 0; i < mean.length; i++) {
      loss[0] += (0.5 / batch) * (mean[i] ** 2 + Math.exp(logVariance[i]) - logVariance[i] - 1);
    }
  },
  backward({ dloss, mean, logVariance }, { dmean, dlogVariance }, _, { mean: [batch] }) {
    for (let i = 0; i < mean.length; i++) {
      dmean[i] = (dloss[0] / batch) * mean[i];
      dlogVariance[i] = (dloss[0] / batch) * 0.5 * (Math.exp(logVariance[i]) - 1);
    }
  },
});

/** Mean over the batch of KL(N(mean, exp(logVariance)) || N(0, 1)), summed over everything else. [B, ...] twice -> [] */
export function klToNormal(mean: Tensor, logVariance: Tensor): Tensor {
  return apply(klToNormalOp, { mean, logVariance }, {}).loss;
}
