import { argmaxOp } from "../../../ops/argmax.ts";
import { implement } from "../context.ts";
import { eachRow, rowsOf } from "./rows.ts";

export const argmaxKernels = implement(argmaxOp, {
  forward(gpu, { x }, { index }) {
    const matrix = rowsOf(x);
    const values = gpu.scratch(matrix.rows);
    const dispatch = { reads: [x, undefined], writes: [values, index], sizes: [0, matrix.width, 0, 0] };
    eachRow(gpu, { shader: "argmax" }, matrix, dispatch);
  },
});
