import { argmaxOp } from "../../../ops/argmax.ts";
import { implement } from "../context.ts";
import { rowsOf } from "./rows.ts";

export const argmaxKernels = implement(argmaxOp, {
  forward(gpu, { x }, { index }) {
    const { rows, width } = rowsOf(x);
    const values = gpu.scratch(rows);
    const dispatch = { reads: [x, undefined], writes: [values, index], sizes: [rows, width, 0, width, 0, 0] };
    gpu.groups({ shader: "argmax" }, rows, dispatch);
  },
});
