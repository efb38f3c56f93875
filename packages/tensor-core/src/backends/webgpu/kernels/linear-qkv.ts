import { linearQkvOp } from "../../../ops/linear-qkv.ts";
import { implement } from "../context.ts";
import { affine, affineGradients } from "./linear.ts";
import { joinBiases, splitBiasGradient } from "./qkv-bias.ts";

export const linearQkvKernels = implement(linearQkvOp, {
  forward(gpu, { x, weight, query, value }, { y }) {
    const bias = gpu.scratch(weight.shape[0]);
    joinBiases(gpu, { query, value }, bias);
    affine(gpu, { x, weight, bias }, y);
  },
  backward(gpu, { dy, x, weight }, { dx, dweight, dquery, dvalue }) {
    const [width] = weight.shape;
    const dbias = dquery || dvalue ? gpu.scratch(width) : undefined;
    affineGradients(gpu, { dy, rows: dy.size / width, x, weight }, { dx, dweight, dbias });
    if (dbias) splitBiasGradient(gpu, { dy: dbias, width }, { dquery, dvalue });
  },
});
