import { linearOp } from "../../../ops/linear.ts";
import type { Tensor } from "../../../tensor.ts";
import { implement, type Gpu, type Place } from "../context.ts";
import { multiply, type Epilogue } from "./product.ts";
import { addRows } from "./reductions.ts";

type Inputs = { readonly x: Tensor; readonly weight: Tensor; readonly bias?: Place | undefined };
type Slopes = { readonly dy: Place; readonly rows: number; readonly x: Tensor; readonly weight: Tensor };
type Gradients = {
  readonly dx?: Tensor | undefined;
  readonly dweight?: Tensor | undefined;
  readonly dbias?: Place | undefined;
};

export const linearKernels = implement(linearOp, {
  forward: (gpu, inputs, { y }) => affine(gpu, inputs, y),
  backward(gpu, { dy, x, weight }, gradients) {
    affineGradients(gpu, { dy, rows: dy.size / weight.shape[0], x, weight }, gradients);
  },
});

/** y = x weight^T + bias, and what comes after it */
export function affine(gpu: Gpu, { x, weight, bias }: Inputs, y: Tensor, then?: Epilogue): void {
  const [columns, depth] = weight.shape;
  const left = { values: x, byK: true, stride: depth };
  const right = { values: weight, byK: true, stride: depth };
  multiply(gpu, { rows: y.size / columns, columns, depth, left, right, bias, then, to: y });
}

/** Gradients of `affine`, of those that are wanted. */
export function affineGradients(gpu: Gpu, { dy, rows, x, weight }: Slopes, { dx, dweight, dbias }: Gradients): void {
  const [N, K] = weight.shape;
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
}
