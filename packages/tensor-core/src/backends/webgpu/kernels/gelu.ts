import { geluOp } from "../../../ops/gelu.ts";
import { implement } from "../context.ts";

export const geluKernels = implement(geluOp, {
  forward(gpu, { x }, { y }) {
    gpu.elements({ shader: "gelu", entry: "forward" }, x.size, { reads: [x], writes: [y], sizes: [x.size] });
  },
  backward(gpu, { dy, x }, { dx }) {
    if (!dx) return;
    gpu.elements({ shader: "gelu", entry: "backward" }, x.size, { reads: [x, dy], writes: [dx], sizes: [x.size] });
  },
});
