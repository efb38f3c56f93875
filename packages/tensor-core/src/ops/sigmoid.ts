// Logistic function: y = 1 / (1 + exp(-x)).
import type { Tensor } from "../tensor.ts";
import { apply, defineOp } from "./define-op.ts";

export const sigmoidOp = defineOp<{ x: Tensor }, "y">({
  name: "Sigmoid",
  shape: ({ x }) => ({ y: x }),
  saves: ["y"],
  forward({ x }, { y }) {
    for (let i = 0; i < y.length; i++) y[i] = 1 / (1 + Math.exp(-x[i]));
  },
  backward({ dy, y }, { dx }) {
    for (let i = 0; i < dx.length; i++) dx[i] = dy[i] * y[i] * (1 - y[i]);
  },
});

/** 1 / (1 + exp(-x)), element by element. */
export function sigmoid(x: Tensor): Tensor {
  return apply(sigmoidOp, { x }, {}).y;
}
