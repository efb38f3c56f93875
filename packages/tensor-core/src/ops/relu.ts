// Rectified linear unit: y = max(x, 0), as between the convolutions of the dVAE.
import type { Tensor } from "../tensor.ts";
import { apply, defineOp } from "./define-op.ts";

export const reluOp = defineOp<{ x: Tensor }, "y">({
  name: "Relu",
  shape: ({ x }) => ({ y: x }),
  // The convolution that follows saves y too, so saving it here costs nothing.
  saves: ["y"],
  forward({ x }, { y }) {
    for (let i = 0; i < y.length; i++) y[i] = Math.max(x[i], 0);
  },
  backward({ dy, y }, { dx }) {
    for (let i = 0; i < dx.length; i++) dx[i] = y[i] <= 0 ? 0 : dy[i];
  },
});

/** max(x, 0), element by element; NaN stays NaN. The gradient at 0 is 0. */
export function relu(x: Tensor): Tensor {
  return apply(reluOp, { x }, {}).y;
}
