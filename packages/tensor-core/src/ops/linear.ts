// Affine map of the last axis with the weight stored as checkpoints store it, one row per output: y = x weight^T + bias.
import type { Tensor } from "../tensor.ts";
import { expectRank, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const linearOp = defineOp<{ x: Tensor; weight: Tensor; bias?: Tensor | undefined }, "y">({
  name: "Linear",
  shape({ x, weight, bias }) {
    expectRank("Linear", "weight", weight, 2, "N, K");
    const [N, K] = weight;
    expectShape("Linear", "x", x, [...x.slice(0, -1).map(() => "…"), K]);
    if (bias) expectShape("Linear", "bias", bias, [N]);
    return { y: [...x.slice(0, -1), N] };
  },
  saves: ["x", "weight"],
  forward({ x, weight, bias }, { y }, _, shapes) {
    const [N, K] = shapes.weight;
    for (let i = 0; i < y.length; i++) {
      const row = Math.floor(i / N) * K;
      const column = (i % N) * K;
      let sum = bias ? bias[i % N] : 0;
      for (let k = 0; k < K; k++) sum += x[row + k] * weight[column + k];
      y[i] = sum;
    }
  },
  // dx = dy weight, dweight = dy^T x, dbias = sum of the rows of dy.
  backward({ dy, x, weight }, { dx, dweight, dbias }, _, shapes) {
    const [N, K] = shapes.weight;
    for (let i = 0; i < dy.length; i++) {
      const row = Math.floor(i / N) * K;
      const column = (i % N) * K;
      if (shapes.bias) dbias[i % N] += dy[i];
      for (let k = 0; k < K; k++) {
        dx[row + k] += dy[i] * weight[column + k];
        dweight[column + k] += dy[i] * x[row + k];
      }
    }
  },
});

/**
 * Affine map of the last axis, `y = x weight^T + bias`. [..., K], [N, K], [N] -> [..., N]
 *
 * @throws if the last axis of `x` is not K or `bias` is not [N]
 */
export function linear(
  x: Tensor,
  { weight, bias }: { readonly weight: Tensor; readonly bias?: Tensor | undefined },
): Tensor {
  return apply(linearOp, { x, weight, bias }, {}).y;
}
