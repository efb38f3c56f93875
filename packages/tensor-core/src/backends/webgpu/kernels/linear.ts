import { linearOp } from "../../../ops/linear.ts";
import { implement } from "../context.ts";
import { multiply } from "./product.ts";
import { addRows } from "./reductions.ts";

export const linearKernels = implement(linearOp, {
  forward(gpu, { x, weight, bias }, { y }) {
    const [columns, depth] = weight.shape;
    const left = { values: x, byK: true, stride: depth };
    const right = { values: weight, byK: true, stride: depth };
    multiply(gpu, { rows: y.size / columns, columns, depth, left, right, bias, to: y });
  },
  backward(gpu, { dy, x, weight }, { dx, dweight, dbias }) {
    const [N, K] = weight.shape;
    const rows = dy.size / N;
    multiply(gpu, {
      ...{ rows, columns: K, depth: N, to: dx },
      left: { values: dy, byK: true, stride: N },
      right: { values: weight, byK: false, stride: K },
    });
    multiply(gpu, {
      ...{ rows: N, columns: K, depth: rows, to: dweight },
      left: { values: dy, byK: false, stride: N },
      right: { values: x, byK: false, stride: K },
    });
    addRows(gpu, dy, rows, N, dbias);
  },
});
