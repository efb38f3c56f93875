import { reluOp } from "../../../ops/relu.ts";
import { implement } from "../context.ts";

export const reluKernels = implement(reluOp, {
  forward(gpu, { x }, { y }) {
    gpu.elements({ shader: "relu", entry: "forward" }, x.size, { reads: [x], writes: [y], sizes: [x.size] });
  },
  backward(gpu, { dy, y }, { dx }) {
    if (!dx) return;
    gpu.elements({ shader: "relu", entry: "backward" }, y.size, { reads: [y, dy], writes: [dx], sizes: [y.size] });
  },
});
