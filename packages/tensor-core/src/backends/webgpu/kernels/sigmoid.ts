import { sigmoidOp } from "../../../ops/sigmoid.ts";
import { implement } from "../context.ts";

export const sigmoidKernels = implement(sigmoidOp, {
  forward(gpu, { x }, { y }) {
    gpu.elements({ shader: "sigmoid", entry: "forward" }, x.size, { reads: [x], writes: [y], sizes: [x.size] });
  },
  backward(gpu, { dy, y }, { dx }) {
    if (!dx) return;
    gpu.elements({ shader: "sigmoid", entry: "backward" }, y.size, { reads: [y, dy], writes: [dx], sizes: [y.size] });
  },
});
