// Mean squared error: mean((x - target)^2).
import type { Tensor } from "../tensor.ts";
import { expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const meanSquaredErrorOp = defineOp<{ x: Tensor; target: Tensor }, "loss">({
  name: "MeanSquaredError",
  shape({ x, target }) {
    expectShape("MeanSquaredError", "target", target, x);
    return { loss: [] };
  },
  saves: ["x", "target"],
  forward({ x, target }, { loss }) {
    for (let i = 0; i < x.length; i++) loss[0] += (x[i] - target[i]) ** 2 / x.length;
  },
  backward({ dloss, x, target }, { dx, dtarget }) {
    for (let i = 0; i < x.length; i++) {
      dx[i] = (dloss[0] * 2 * (x[i] - target[i])) / x.length;
      dtarget[i] = -dx[i];
    }
  },
});

/** Mean over all elements of (x - target)^2, two tensors of one shape. -> [] */
export function meanSquaredError(x: Tensor, target: Tensor): Tensor {
  return apply(meanSquaredErrorOp, { x, target }, {}).loss;
}
