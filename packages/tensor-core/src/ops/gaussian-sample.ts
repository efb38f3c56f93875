// The reparameterized Gaussian sample: z = mean + exp(logVariance / 2) * noise. (Kingma & Welling 2014, section 2.4)
import type { Tensor } from "../tensor.ts";
import { expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const gaussianSampleOp = defineOp<{ mean: Tensor; logVariance: Tensor; noise: Tensor }, "z">({
  name: "GaussianSample",
  shape({ mean, logVariance, noise }) {
    expectShape("GaussianSample", "logVariance", logVariance, mean);
    expectShape("GaussianSample", "noise", noise, mean);
    return { z: mean };
  },
  saves: ["logVariance", "noise"],
  passes: { dmean: "dz" },
  forward({ mean, logVariance, noise }, { z }) {
    for (let i = 0; i < z.length; i++) z[i] = mean[i] + Math.exp(logVariance[i] / 2) * noise[i];
  },
  backward({ dz, logVariance, noise }, { dmean, dlogVariance, dnoise }) {
    for (let i = 0; i < dz.length; i++) {
      dmean[i] = dz[i];
      dnoise[i] = dz[i] * Math.exp(logVariance[i] / 2);
      dlogVariance[i] = (dnoise[i] * noise[i]) / 2;
    }
  },
});

/** A sample of N(mean, exp(logVariance)) from standard normal `noise`; three tensors of one shape. */
export function gaussianSample(mean: Tensor, logVariance: Tensor, noise: Tensor): Tensor {
  return apply(gaussianSampleOp, { mean, logVariance, noise }, {}).z;
}
