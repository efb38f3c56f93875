// Negative log-likelihood of pixels under the logit-Laplace distribution (Ramesh et al. 2021, appendix A.3):
// |logit(x) - mu| / b + ln b + ln x + ln(1 - x) + ln 2, with x in (0, 1) the mapped pixel.
import type { Tensor } from "../tensor.ts";
import { expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const logitLaplaceOp = defineOp<{ parameters: Tensor; target: Tensor }, "loss">({
  name: "LogitLaplace",
  shape({ parameters, target }) {
    const channels = target.at(-1) ?? 0;
    expectShape("LogitLaplace", "parameters", parameters, [...target.slice(0, -1), channels * 2]);
    return { loss: [] };
  },
  saves: ["parameters", "target"],
  forward({ parameters, target }, { loss }, _, { target: shape }) {
    const channels = shape[shape.length - 1];
    for (let i = 0; i < target.length; i++) {
      const mu = i + channels * Math.floor(i / channels);
      const logScale = parameters[mu + channels];
      const distance = Math.abs(logit(target[i]) - parameters[mu]);
      const likelihood = distance * Math.exp(-logScale) + logScale + Math.log(2 * target[i] * (1 - target[i]));
      loss[0] += likelihood / target.length;
    }
  },
  backward({ dloss, parameters, target }, { dparameters, dtarget }, _, { target: shape }) {
    const channels = shape[shape.length - 1];
    const scale = dloss[0] / target.length;
    for (let i = 0; i < target.length; i++) {
      const mu = i + channels * Math.floor(i / channels);
      const precision = Math.exp(-parameters[mu + channels]);
      const distance = logit(target[i]) - parameters[mu];
      const slope = Math.sign(distance) * precision;
      dparameters[mu] = -scale * slope;
      dparameters[mu + channels] = scale * (1 - Math.abs(distance) * precision);
      // d logit(x) = 1 / (x (1 - x)), and so is the common denominator of 1/x - 1/(1 - x).
      dtarget[i] = (scale * (slope + 1 - 2 * target[i])) / (target[i] * (1 - target[i]));
    }
  },
});

/**
 * Mean negative log-likelihood per sub-pixel under the logit-Laplace distribution; it may be negative.
 *
 * @param parameters [..., 2C]: mu of every channel, then ln b of every channel
 * @param target [..., C]: mapped pixels, inside (0, 1)
 */
export function logitLaplace(parameters: Tensor, target: Tensor): Tensor {
  return apply(logitLaplaceOp, { parameters, target }, {}).loss;
}

function logit(x: number): number {
  return Math.log(x / (1 - x));
}
