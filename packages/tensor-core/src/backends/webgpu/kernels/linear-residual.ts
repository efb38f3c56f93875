import { linearResidualOp } from "../../../ops/linear-residual.ts";
import { implement } from "../context.ts";
import { affine, affineGradients } from "./linear.ts";
import { residualGradients } from "./residual.ts";
import { rowsOf } from "./rows.ts";

export const linearResidualKernels = implement(linearResidualOp, {
  forward(gpu, { x, inner, weight, bias, scale, keep }, { y, branch }) {
    const residual = { x, scale, keep, perSample: rowsOf(x).rows / x.shape[0] };
    affine(gpu, { x: inner, weight, bias }, y, { before: branch, residual });
  },
  backward(gpu, { dy, inner, weight, branch, scale, keep }, { dx, dinner, dweight, dbias, dscale, dkeep }) {
    const dbranch = gpu.scratch(dy.size);
    residualGradients(gpu, { dy, branch, scale, keep }, { dx, dbranch, dscale, dkeep });
    const slopes = { dy: dbranch, rows: rowsOf(dy).rows, x: inner, weight };
    affineGradients(gpu, slopes, { dx: dinner, dweight, dbias });
  },
});
