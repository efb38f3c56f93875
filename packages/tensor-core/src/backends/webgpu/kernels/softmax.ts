import { softmaxOp } from "../../../ops/softmax.ts";
import { implement } from "../context.ts";
import { eachRow, rowsOf } from "./rows.ts";

export const softmaxKernels = implement(softmaxOp, {
  forward(gpu, { x }, { y }) {
    eachRow(gpu, { shader: "softmax", entry: "forward" }, rowsOf(x), { reads: [x], writes: [y] });
  },
  backward(gpu, { dy, y }, { dx }) {
    if (dx) eachRow(gpu, { shader: "softmax", entry: "backward" }, rowsOf(y), { reads: [y, dy], writes: [dx] });
  },
});
