import { matmulOp } from "../../../ops/matmul.ts";
import { implement } from "../context.ts";
import { multiply } from "./product.ts";

export const matmulKernels = implement(matmulOp, {
  forward(gpu, { a, b }, { y }) {
    const [depth, columns] = b.shape;
    const left = { values: a, byK: true, stride: depth };
    const right = { values: b, byK: false, stride: columns };
    multiply(gpu, { rows: y.size / columns, columns, depth, left, right, to: y });
  },
  backward(gpu, { dy, a, b }, { da, db }) {
    const [K, N] = b.shape;
    const rows = dy.size / N;
    multiply(gpu, {
      ...{ rows, columns: K, depth: N, to: da },
      left: { values: dy, byK: true, stride: N },
      right: { values: b, byK: true, stride: N },
    });
    multiply(gpu, {
      ...{ rows: K, columns: N, depth: rows, to: db },
      left: { values: a, byK: false, stride: K },
      right: { values: dy, byK: false, stride: N },
    });
  },
});
