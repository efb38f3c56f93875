// The index of the largest output of an affine map, without the outputs: visual tokens from the last layer's input.
import type { Tensor } from "../tensor.ts";
import { placeOfLargest } from "./argmax.ts";
import { expect, expectRank, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const linearArgmaxOp = defineOp<{ x: Tensor; weight: Tensor; bias?: Tensor | undefined }, "index">({
  name: "LinearArgmax",
  shape({ x, weight, bias }) {
    expectRank("LinearArgmax", "weight", weight, 2, "N, K");
    const [N, K] = weight;
    expect("LinearArgmax", N >= 1, "weight [N, K] with N >= 1", `[${weight.join(", ")}]`);
    expectShape("LinearArgmax", "x", x, [...x.slice(0, -1).map(() => "…"), K]);
    if (bias) expectShape("LinearArgmax", "bias", bias, [N]);
    return { index: x.slice(0, -1) };
  },
  integer: ["index"],
  forward({ x, weight, bias }, { index }, _, shapes) {
    const [N, K] = shapes.weight;
    for (let row = 0; row < index.length; row++) {
      index[row] = placeOfLargest(N, (n) => {
        let sum = bias ? bias[n] : 0;
        for (let k = 0; k < K; k++) sum += x[row * K + k] * weight[n * K + k];
        return sum;
      });
    }
  },
});

/**
 * `argmax(linear(x, params))` without the logits: the lowest index on ties, the first NaN if there is one. Kernels may
 * compare more exactly than float32 logits would. [..., K], [N, K], [N] -> int32 [...]
 */
export function linearArgmax(
  x: Tensor,
  { weight, bias }: { readonly weight: Tensor; readonly bias?: Tensor | undefined },
): Tensor {
  return apply(linearArgmaxOp, { x, weight, bias }, {}).index;
}
