import { linearArgmaxOp } from "../../../ops/linear-argmax.ts";
import { sizeOf } from "../../../tensor.ts";
import { grainFor, implement } from "../context.ts";
import { multiplyInt16 } from "./quantized.ts";

export const linearArgmaxKernels = implement(linearArgmaxOp, {
  forward(simd, { x, weight, bias }, { index }) {
    const [N, K] = weight.shape;
    const M = sizeOf(x.shape.slice(0, -1));
    const coarse = simd.scratch(4 * M * N);
    const [from, factor, added, to] = simd.pointers(x, weight, bias, index);
    const product = { rows: { x: from }, M, weight, N, K, bias: added, y: coarse };
    const { rows, columns } = multiplyInt16(simd, product);
    const bounds = [rows.scales, rows.more, columns.scales, columns.more] as const;
    simd.parallel("linearArgmaxForward", M, grainFor(N), from, factor, added, coarse, ...bounds, to, N, K);
  },
});
