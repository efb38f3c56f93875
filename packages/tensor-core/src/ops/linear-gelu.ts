// The perceptron's first half, gelu(x weight^T + bias), as one op for backends that run it as one kernel: the product is
// stored once, after the GELU, and before it only where the backward pass will read it.
import type { Tensor } from "../tensor.ts";
import { apply, defineOp } from "./define-op.ts";
import { gelu, geluOp } from "./gelu.ts";
import { linear, linearOp } from "./linear.ts";

type Inputs = { x: Tensor; weight: Tensor; bias: Tensor };

export const linearGeluOp = defineOp<Inputs, "y" | "before">({
  name: "LinearGelu",
  fused: true,
  shape(shapes) {
    const { y } = linearOp.shape(shapes, {});
    return { y, before: y };
  },
  saves: ["x", "weight", "before"],
  forBackward: ["before"],
  forward({ x, weight, bias }, { y, before }, _, shapes) {
    linearOp.forward({ x, weight, bias }, { y: before }, {}, shapes);
    geluOp.forward({ x: before }, { y }, {}, { x: shapes.before, y: shapes.y });
  },
  backward({ dy, x, weight, bias, before }, gradients, _, shapes) {
    const dbefore = new Float64Array(before.length);
    geluOp.backward?.({ dy, x: before, y: before }, { dx: dbefore }, {}, { x: shapes.before, y: shapes.y });
    linearOp.backward?.({ dy: dbefore, x, weight, bias, y: before }, gradients, {}, shapes);
  },
});

/**
 * `gelu(linear(x, params))`. [..., K], [N, K], [N] -> [..., N]
 *
 * @throws as `linear`
 */
export function linearGelu(x: Tensor, params: { readonly weight: Tensor; readonly bias: Tensor }): Tensor {
  if (!x.backend.kernels.has(linearGeluOp.name)) return gelu(linear(x, params));
  return apply(linearGeluOp, { x, weight: params.weight, bias: params.bias }, {}).y;
}
