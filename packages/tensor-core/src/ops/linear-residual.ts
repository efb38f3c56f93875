// The end of both halves of a block, x + keep_b * scale_d * (inner weight^T + bias), as one op for backends that run it as one
// kernel: the branch is stored only where the backward pass will read it.
import type { Tensor } from "../tensor.ts";
import { apply, defineOp } from "./define-op.ts";
import { linear, linearOp } from "./linear.ts";
import { residual, residualOp, type ResidualOptions } from "./residual.ts";

type Inputs = {
  x: Tensor;
  inner: Tensor;
  weight: Tensor;
  bias: Tensor;
  scale?: Tensor | undefined;
  keep?: Tensor | undefined;
};

export const linearResidualOp = defineOp<Inputs, "y" | "branch">({
  name: "LinearResidual",
  fused: true,
  shape({ x, inner, weight, bias, scale, keep }) {
    const branch = linearOp.shape({ x: inner, weight, bias }, {}).y;
    return { ...residualOp.shape({ x, branch, scale, keep }, {}), branch };
  },
  saves: ["inner", "weight", "branch", "scale", "keep"],
  forBackward: ["branch"],
  passes: { dx: "dy" },
  forward({ x, inner, weight, bias, scale, keep }, { y, branch }, _, shapes) {
    linearOp.forward({ x: inner, weight, bias }, { y: branch }, {}, { ...shapes, x: shapes.inner, y: shapes.branch });
    residualOp.forward({ x, branch, scale, keep }, { y }, {}, shapes);
  },
  backward({ dy, inner, weight, bias, branch, scale, keep }, gradients, _, shapes) {
    const { dx, dinner, dweight, dbias, dscale, dkeep } = gradients;
    const dbranch = new Float64Array(branch.length);
    // Neither reads its output, nor the residual connection its x: any values may stand there.
    residualOp.backward?.({ dy, x: dy, branch, scale, keep, y: dy }, { dx, dbranch, dscale, dkeep }, {}, shapes);
    linearOp.backward?.(
      { dy: dbranch, x: inner, weight, bias, y: branch },
      { dx: dinner, dweight, dbias },
      {},
      { ...shapes, x: shapes.inner, y: shapes.branch },
    );
  },
});

/**
 * `residual(x, linear(inner, params), options)`. x [B, ..., N], inner [B, ..., K], weight [N, K], bias [N] -> [B, ..., N]
 *
 * @throws as `linear` and `residual`
 */
export function linearResidual(
  x: Tensor,
  inner: Tensor,
  { weight, bias }: { readonly weight: Tensor; readonly bias: Tensor },
  { scale, keep }: ResidualOptions = {},
): Tensor {
  if (!x.backend.kernels.has(linearResidualOp.name))
    return residual(x, linear(inner, { weight, bias }), { scale, keep });
  return apply(linearResidualOp, { x, inner, weight, bias, scale, keep }, {}).y;
}
