// Smooth L1 loss: with d = x - target, the mean of d^2 / 2 where |d| < 1 and |d| - 1/2 elsewhere. (Girshick 2015)
import type { Tensor } from "../tensor.ts";
import { expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const smoothL1Op = defineOp<{ x: Tensor; target: Tensor }, "loss">({
  name: "SmoothL1",
  shape({ x, target }) {
    expectShape("SmoothL1", "target", target, x);
    return { loss: [] };
  },
  saves: ["x", "target"],
  forward({ x, target }, { loss }) {
    for (let i = 0; i < x.length; i++) {
      const distance = Math.abs(x[i] - target[i]);
      loss[0] += (distance < 1 ? distance ** 2 / 2 : distance - 0.5) / x.length;
    }
  },
  backward({ dloss, x, target }, { dx, dtarget }) {
    for (let i = 0; i < x.length; i++) {
      dx[i] = (dloss[0] * Math.min(Math.max(x[i] - target[i], -1), 1)) / x.length;
      dtarget[i] = -dx[i];
    }
  },
});

/** Smooth L1 distance, mean over all elements, two tensors of one shape. -> [] */
export function smoothL1(x: Tensor, target: Tensor): Tensor {
  return apply(smoothL1Op, { x, target }, {}).loss;
}
