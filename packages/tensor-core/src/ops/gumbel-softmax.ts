// Gumbel-softmax relaxation of a categorical sample over the last axis: softmax((logits + noise) / temperature).
// (Jang et al. 2017; Maddison et al. 2017.) Hard samples use the straight-through gradient: that of the soft sample.
import type { Tensor } from "../tensor.ts";
import { expect, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

type GumbelSoftmaxAttributes = { readonly temperature: number; readonly hard: boolean };

export const gumbelSoftmaxOp = defineOp<{ logits: Tensor; noise: Tensor }, "y" | "soft", GumbelSoftmaxAttributes>({
  name: "GumbelSoftmax",
  shape({ logits, noise }, { temperature, hard }) {
    expect("GumbelSoftmax", logits.length >= 1, "logits [..., V]", `[${logits.join(", ")}]`);
    expectShape("GumbelSoftmax", "noise", noise, logits);
    const usable = temperature > 0 && Number.isFinite(temperature);
    expect("GumbelSoftmax", usable, "a temperature above 0", `${temperature}`);
    // The soft sample is kept beside y only where the two differ.
    return { y: logits, soft: hard ? logits : [0] };
  },
  saves: ["y", "soft"],
  forward({ logits, noise }, { y, soft }, { temperature, hard }, { logits: shape }) {
    const width = shape[shape.length - 1];
    for (let at = 0; at < logits.length; at += width) {
      const scores = Float64Array.from({ length: width }, (_, i) => (logits[at + i] + noise[at + i]) / temperature);
      const largest = scores.reduce((best, score) => Math.max(best, score), -Infinity);
      const sum = scores.reduce((total, score) => total + Math.exp(score - largest), 0);
      const target = hard ? soft : y;
      for (let i = 0; i < width; i++) target[at + i] = Math.exp(scores[i] - largest) / sum;
      if (hard) y[at + Math.max(0, scores.indexOf(largest))] = 1;
    }
  },
  // dscore_i = p_i * (dy_i - sum_k p_k dy_k), and dlogits = dnoise = dscore / temperature.
  backward({ dy, y, soft }, { dlogits, dnoise }, { temperature, hard }, { logits: shape }) {
    const probabilities = hard ? soft : y;
    const width = shape[shape.length - 1];
    for (let at = 0; at < dy.length; at += width) {
      let mean = 0;
      for (let i = at; i < at + width; i++) mean += probabilities[i] * dy[i];
      for (let i = at; i < at + width; i++) {
        dlogits[i] = dnoise[i] = (probabilities[i] * (dy[i] - mean)) / temperature;
      }
    }
  },
});

/**
 * Relaxed one-hot sample over the last axis. [..., V], noise [..., V] -> [..., V]
 *
 * @param options.temperature towards 0 the sample becomes one-hot, and its gradient larger and noisier
 * @param options.hard exactly one-hot going forward (lowest index on ties), with the gradient of the soft sample
 */
export function gumbelSoftmax(
  logits: Tensor,
  noise: Tensor,
  { temperature, hard = false }: { readonly temperature: number; readonly hard?: boolean },
): Tensor {
  return apply(gumbelSoftmaxOp, { logits, noise }, { temperature, hard }).y;
}
