// z = x + scale * y: residual branches with a fixed gain, weighted sums of losses.
import type { Tensor } from "../tensor.ts";
import { expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const addScaledOp = defineOp<{ x: Tensor; y: Tensor }, "z", { readonly scale: number }>({
  name: "AddScaled",
  shape({ x, y }) {
    expectShape("AddScaled", "y", y, x);
    return { z: x };
  },
  passes: { dx: "dz" },
  forward({ x, y }, { z }, { scale }) {
    for (let i = 0; i < z.length; i++) z[i] = x[i] + scale * y[i];
  },
  backward({ dz }, { dx, dy }, { scale }) {
    for (let i = 0; i < dz.length; i++) {
      dx[i] = dz[i];
      dy[i] = scale * dz[i];
    }
  },
});

/** x + scale * y, two tensors of one shape. */
export function addScaled(x: Tensor, y: Tensor, { scale = 1 }: { readonly scale?: number } = {}): Tensor {
  return apply(addScaledOp, { x, y }, { scale }).z;
}
