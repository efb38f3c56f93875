import { argmaxOp } from "../../../ops/argmax.ts";
import { implement } from "../context.ts";
import { eachRow, rowsOf } from "./rows.ts";

export const argmaxKernels = implement(argmaxOp, {
  forward(gpu, { x }, { index }) {
    const matrix = rowsOf(x);
    const keys = gpu.scratch(matrix.rows);
    const dispatch = { reads: [x, undefined], writes: [keys, index], sizes: [0, matrix.width, 0, 0] };
    eachRow(gpu, { shader: "argmax" }, matrix, dispatch);
  },
});
