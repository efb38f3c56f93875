import { linearGeluOp } from "../../../ops/linear-gelu.ts";
import { implement } from "../context.ts";
import { geluGradient } from "./gelu.ts";
import { affine, affineGradients } from "./linear.ts";

export const linearGeluKernels = implement(linearGeluOp, {
  forward: (gpu, inputs, { y, before }) => affine(gpu, inputs, y, { before }),
  backward(gpu, { dy, x, weight, before }, { dx, dweight, dbias }) {
    const dbefore = gpu.scratch(dy.size);
    geluGradient(gpu, { dy, x: before, size: dy.size }, dbefore);
    affineGradients(gpu, { dy: dbefore, rows: dy.size / weight.shape[0], x, weight }, { dx, dweight, dbias });
  },
});
