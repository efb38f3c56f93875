// Softmax over the last axis: y = exp(x - max) / sum(exp(x - max)).
import type { Tensor } from "../tensor.ts";
import { expect } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const softmaxOp = defineOp<{ x: Tensor }, "y">({
  name: "Softmax",
  shape({ x }) {
    expect("Softmax", x.length > 0 && x[x.length - 1] > 0, "x [..., V] with V at least 1", `[${x.join(", ")}]`);
    return { y: x };
  },
  saves: ["y"],
  forward({ x }, { y }, _, shapes) {
    const width = shapes.x[shapes.x.length - 1];
    for (let row = 0; row < x.length; row += width) {
      let largest = -Infinity;
      for (let i = 0; i < width; i++) largest = Math.max(largest, x[row + i]);
      let sum = 0;
      for (let i = 0; i < width; i++) sum += y[row + i] = Math.exp(x[row + i] - largest);
      for (let i = 0; i < width; i++) y[row + i] /= sum;
    }
  },
  // dx = y (dy - sum(y dy))
  backward({ dy, y }, { dx }, _, shapes) {
    const width = shapes.x[shapes.x.length - 1];
    for (let row = 0; row < y.length; row += width) {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += y[row + i] * dy[row + i];
      for (let i = 0; i < width; i++) dx[row + i] = y[row + i] * (dy[row + i] - sum);
    }
  },
});

/** Softmax over the last axis. [..., V] -> [..., V] */
export function softmax(x: Tensor): Tensor {
  return apply(softmaxOp, { x }, {}).y;
}
