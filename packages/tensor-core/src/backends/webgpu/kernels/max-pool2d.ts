import { maxPool2dOp } from "../../../ops/max-pool2d.ts";
import { implement } from "../context.ts";

export const maxPool2dKernels = implement(maxPool2dOp, {
  forward(gpu, { x }, { y, place }, { size }) {
    const [, , width, channels] = y.shape;
    const dispatch = { reads: [x], writes: [y, place], sizes: [y.size, width, channels, size] };
    gpu.elements({ shader: "max-pool2d", entry: "forward" }, y.size, dispatch);
  },
  backward(gpu, { dy, place }, { dx }, { size }) {
    if (!dx) return;
    const [, , width, channels] = dx.shape;
    const dispatch = { reads: [dy, place], writes: [dx], sizes: [dx.size, width, channels, size] };
    gpu.elements({ shader: "max-pool2d", entry: "backward" }, dx.size, dispatch);
  },
});
