// Mean absolute error: mean(|x - target|).
import type { Tensor } from "../tensor.ts";
import { expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const meanAbsoluteErrorOp = defineOp<{ x: Tensor; target: Tensor }, "loss">({
  name: "MeanAbsoluteError",
  shape({ x, target }) {
    expectShape("MeanAbsoluteError", "target", target, x);
    return { loss: [] };
  },
  saves: ["x", "target"],
  forward({ x, target }, { loss }) {
    for (let i = 0; i < x.length; i++) loss[0] += Math.abs(x[i] - target[i]) / x.length;
  },
  // Where there is no error there is no slope.
  backward({ dloss, x, target }, { dx, dtarget }) {
    for (let i = 0; i < x.length; i++) {
      dx[i] = (dloss[0] * Math.sign(x[i] - target[i])) / x.length;
      dtarget[i] = -dx[i];
    }
  },
});

/** Mean over all elements of |x - target|, two tensors of one shape. -> [] */
export function meanAbsoluteError(x: Tensor, target: Tensor): Tensor {
  return apply(meanAbsoluteErrorOp, { x, target }, {}).loss;
}
