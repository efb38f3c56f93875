import { linearOp } from "../../../ops/linear.ts";
import { sizeOf, type Tensor } from "../../../tensor.ts";
import { implement } from "../context.ts";
import { columnSums, gemm, preparedGemm, preparePanels } from "./gemm.ts";
import { multiplyQuantized } from "./quantized.ts";

export const linearKernels = implement(linearOp, {
  forward(simd, { x, weight, bias }, { y }) {
    const { M, N, K, left, transposed } = factors(simd.pointer, x, weight);
    const product = { a: left, c: simd.pointer(y), M, N, K, bias: simd.pointer(bias) };
    if (weight.tape) gemm(simd, { ...product, b: transposed });
    else if (simd.precision !== "float32") {
      const rows = { x: left.address };
      multiplyQuantized(simd, simd.precision, { rows, M, weight, N, K, bias: product.bias, y: product.c });
    } else preparedGemm(simd, { ...product, panels: preparePanels(simd, weight, transposed, N, K) });
  },
  backward(simd, { dy, x, weight }, { dx, dweight, dbias }) {
    const { M, N, K, left, transposed } = factors(simd.pointer, x, weight);
    const gradient = { address: simd.pointer(dy), row: N, column: 1 };
    const turned = { address: simd.pointer(dy), row: 1, column: N };
    const plain = { address: transposed.address, row: K, column: 1 };
    if (dx) gemm(simd, { a: gradient, b: plain, c: simd.pointer(dx), M, N: K, K: N });
    if (dweight) gemm(simd, { a: turned, b: left, c: simd.pointer(dweight), M: N, N: K, K: M });
    if (dbias) columnSums(simd, simd.pointer(dy), simd.pointer(dbias), M, N);
  },
});

function factors(pointer: (tensor: Tensor) => number, x: Tensor, weight: Tensor) {
  const [N, K] = weight.shape;
  return {
    M: sizeOf(x.shape.slice(0, -1)),
    N,
    K,
    left: { address: pointer(x), row: K, column: 1 },
    transposed: { address: pointer(weight), row: 1, column: K },
  };
}
