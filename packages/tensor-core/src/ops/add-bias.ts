// A vector added along the last axis: y = x + bias.
import type { Tensor } from "../tensor.ts";
import { expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const addBiasOp = defineOp<{ x: Tensor; bias: Tensor }, "y">({
  name: "AddBias",
  shape({ x, bias }) {
    expectShape("AddBias", "bias", bias, [x.at(-1) ?? 0]);
    return { y: x };
  },
  passes: { dx: "dy" },
  forward({ x, bias }, { y }) {
    for (let i = 0; i < x.length; i++) y[i] = x[i] + bias[i % bias.length];
  },
  backward({ dy }, { dx, dbias }) {
    dx.set(dy);
    for (let i = 0; i < dy.length; i++) dbias[i % dbias.length] += dy[i];
  },
});

/** x + bias along the last axis. [..., D], [D] -> [..., D] */
export function addBias(x: Tensor, bias: Tensor): Tensor {
  return apply(addBiasOp, { x, bias }, {}).y;
}
