import { matmulOp } from "../../../ops/matmul.ts";
import { sizeOf } from "../../../tensor.ts";
import { implement } from "../context.ts";
import { gemm, preparedGemm, preparePanels } from "./gemm.ts";

export const matmulKernels = implement(matmulOp, {
  forward(simd, { a, b }, { y }) {
    const [K, N] = b.shape;
    const M = sizeOf(a.shape.slice(0, -1));
    const left = { address: simd.pointer(a), row: K, column: 1 };
    const right = { address: simd.pointer(b), row: N, column: 1 };
    const product = { a: left, c: simd.pointer(y), M, N, K };
    if (b.tape) gemm(simd, { ...product, b: right });
    else preparedGemm(simd, { ...product, panels: preparePanels(simd, b, right, N, K) });
  },
  backward(simd, { dy, a, b }, { da, db }) {
    const [K, N] = b.shape;
    const M = sizeOf(a.shape.slice(0, -1));
    const gradient = { address: simd.pointer(dy), row: N, column: 1 };
    const turnedLeft = { address: simd.pointer(a), row: 1, column: K };
    const turnedRight = { address: simd.pointer(b), row: 1, column: N };
    if (da) gemm(simd, { a: gradient, b: turnedRight, c: simd.pointer(da), M, N: K, K: N });
    if (db) gemm(simd, { a: turnedLeft, b: gradient, c: simd.pointer(db), M: K, N, K: M });
  },
});
