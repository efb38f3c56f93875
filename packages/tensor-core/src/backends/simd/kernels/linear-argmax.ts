import { linearArgmaxOp } from "../../../ops/linear-argmax.ts";
import { grainFor, implement } from "../context.ts";
import { linearInt16, rowsOf } from "./int16.ts";

export const linearArgmaxKernels = implement(linearArgmaxOp, {
  forward(simd, { x, weight, bias }, { index }) {
    const [N, K] = weight.shape;
    const M = rowsOf(x);
    const coarse = simd.scratch(4 * M * N);
    const [from, factor, added, to] = [x, weight, bias, index].map(simd.pointer);
    const { rows, columns } = linearInt16(simd, { x: from, M, weight, bias: added, y: coarse });
    const bounds = [rows.scales, rows.norms, columns.scales, columns.norms];
    simd.parallel("linearArgmaxForward", M, grainFor(N), from, factor, added, coarse, ...bounds, to, N, K);
  },
});
