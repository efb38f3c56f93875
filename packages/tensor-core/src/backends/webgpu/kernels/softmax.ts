import { softmaxOp } from "../../../ops/softmax.ts";
import { implement } from "../context.ts";
import { rowsOf } from "./rows.ts";

export const softmaxKernels = implement(softmaxOp, {
  forward(gpu, { x }, { y }) {
    const { rows, width } = rowsOf(x);
    gpu.groups({ shader: "softmax", entry: "forward" }, rows, { reads: [x], writes: [y], sizes: [rows, width] });
  },
  backward(gpu, { dy, y }, { dx }) {
    if (!dx) return;
    const { rows, width } = rowsOf(y);
    gpu.groups({ shader: "softmax", entry: "backward" }, rows, { reads: [y, dy], writes: [dx], sizes: [rows, width] });
  },
});
