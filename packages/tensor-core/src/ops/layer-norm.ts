// Layer normalization over the last axis: y = (x - mean) * rstd * gamma + beta.  (Ba et al. 2016)
import type { Tensor } from "../tensor.ts";
import { apply, defineOp } from "./define-op.ts";
import { expectShape } from "./check.ts";

export const layerNormOp = defineOp<
  { x: Tensor; gamma: Tensor; beta: Tensor },
  "y" | "mean" | "rstd",
  { readonly epsilon: number }
>({
  name: "LayerNorm",
  shape({ x, gamma, beta }) {
    const width = x.at(-1) ?? 0;
    expectShape("LayerNorm", "gamma", gamma, [width]);
    expectShape("LayerNorm", "beta", beta, [width]);
    return { y: x, mean: x.slice(0, -1), rstd: x.slice(0, -1) };
  },
  saves: ["x", "gamma", "mean", "rstd"],
  forward({ x, gamma, beta }, { y, mean, rstd }, { epsilon }) {
    const width = gamma.length;
    for (let row = 0; row < mean.length; row++) {
      const values = x.subarray(row * width, (row + 1) * width);
      mean[row] = average(values);
      rstd[row] = 1 / Math.sqrt(variance(values, mean[row]) + epsilon);
      for (let i = 0; i < width; i++) y[row * width + i] = (values[i] - mean[row]) * rstd[row] * gamma[i] + beta[i];
    }
  },
  // With h = (x - mean) * rstd and g = dy * gamma: dx = rstd * (g - average(g) - h * average(g * h)).
  backward({ dy, x, gamma, mean, rstd }, { dx, dgamma, dbeta }) {
    const width = gamma.length;
    for (let row = 0; row < mean.length; row++) {
      const at = row * width;
      let sum = 0;
      let sumNormalized = 0;
      for (let i = 0; i < width; i++) {
        const normalized = (x[at + i] - mean[row]) * rstd[row];
        sum += dy[at + i] * gamma[i];
        sumNormalized += dy[at + i] * gamma[i] * normalized;
        dgamma[i] += dy[at + i] * normalized;
        dbeta[i] += dy[at + i];
      }
      for (let i = 0; i < width; i++) {
        const normalized = (x[at + i] - mean[row]) * rstd[row];
        dx[at + i] = rstd[row] * (dy[at + i] * gamma[i] - sum / width - (normalized * sumNormalized) / width);
      }
    }
  },
});

/** Layer normalization over the last axis. [..., D], [D], [D] -> [..., D] */
export function layerNorm(
  x: Tensor,
  { gamma, beta }: { readonly gamma: Tensor; readonly beta: Tensor },
  { epsilon = 1e-6 }: { readonly epsilon?: number } = {},
): Tensor {
  return apply(layerNormOp, { x, gamma, beta }, { epsilon }).y;
}

function average(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

function variance(values: ArrayLike<number>, mean: number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - mean) ** 2;
  return sum / values.length;
}
