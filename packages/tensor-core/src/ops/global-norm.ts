// Euclidean norm over a list of tensors taken as one vector: what gradients are clipped by, and what is logged.
import type { Tensor } from "../tensor.ts";
import { apply, defineOp } from "./define-op.ts";

export const globalNormOp = defineOp<{ tensors: readonly Tensor[] }, "norm">({
  name: "GlobalNorm",
  shape: () => ({ norm: [] }),
  forward({ tensors }, { norm }) {
    for (const values of tensors) for (const value of values) norm[0] += value * value;
    norm[0] = Math.sqrt(norm[0]);
  },
});

/**
 * Square root of the sum of all squares. A list of tensors -> []
 *
 * @throws without a tensor
 */
export function globalNorm(tensors: readonly Tensor[]): Tensor {
  return apply(globalNormOp, { tensors }, {}).norm;
}
