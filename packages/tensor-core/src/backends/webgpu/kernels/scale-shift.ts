import { scaleShiftOp } from "../../../ops/scale-shift.ts";
import { implement } from "../context.ts";

export const scaleShiftKernels = implement(scaleShiftOp, {
  forward(gpu, { x }, { y }, { scale, shift, min, max }) {
    const parameters = { sizes: [x.size], numbers: [scale, shift, min, max] };
    gpu.elements({ shader: "scale-shift", entry: "forward" }, x.size, { reads: [x], writes: [y], ...parameters });
  },
  backward(gpu, { dy, x }, { dx }, { scale, shift, min, max }) {
    if (!dx) return;
    const parameters = { sizes: [x.size], numbers: [scale, shift, min, max] };
    gpu.elements({ shader: "scale-shift", entry: "backward" }, x.size, { reads: [x, dy], writes: [dx], ...parameters });
  },
});
