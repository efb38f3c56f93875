// Matrix product over the last axis: y = a b, with b shared by all leading axes of a.
import type { Tensor } from "../tensor.ts";
import { expectRank, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const matmulOp = defineOp<{ a: Tensor; b: Tensor }, "y">({
  name: "Matmul",
  shape({ a, b }) {
    expectRank("Matmul", "b", b, 2, "K, N");
    const [K, N] = b;
    expectShape("Matmul", "a", a, [...a.slice(0, -1).map(() => "…"), K]);
    return { y: [...a.slice(0, -1), N] };
  },
  saves: ["a", "b"],
  forward({ a, b }, { y }, _, shapes) {
    const [K, N] = shapes.b;
    for (let i = 0; i < y.length; i++) {
      const row = Math.floor(i / N) * K;
      let sum = 0;
      for (let k = 0; k < K; k++) sum += a[row + k] * b[k * N + (i % N)];
      y[i] = sum;
    }
  },
  // da = dy b^T, db = a^T dy.
  backward({ dy, a, b }, { da, db }, _, shapes) {
    const [K, N] = shapes.b;
    for (let i = 0; i < dy.length; i++) {
      const row = Math.floor(i / N) * K;
      for (let k = 0; k < K; k++) {
        da[row + k] += dy[i] * b[k * N + (i % N)];
        db[k * N + (i % N)] += a[row + k] * dy[i];
      }
    }
  },
});

/**
 * Matrix product, `y = a b`. [..., K], [K, N] -> [..., N]
 *
 * @throws if `b` is not a matrix or the last axis of `a` is not K
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return apply(matmulOp, { a, b }, {}).y;
}
