import { sliceChannelsOp } from "../../../ops/slice-channels.ts";
import { implement } from "../context.ts";

export const sliceChannelsKernels = implement(sliceChannelsOp, {
  forward(gpu, { x }, { y }, { start, length }) {
    const sizes = [y.size, x.shape[x.shape.length - 1], start, length];
    gpu.elements({ shader: "slice-channels", entry: "forward" }, y.size, { reads: [x], writes: [y], sizes });
  },
  backward(gpu, { dy }, { dx }, { start, length }) {
    if (!dx) return;
    const sizes = [dx.size, dx.shape[dx.shape.length - 1], start, length];
    gpu.elements({ shader: "slice-channels", entry: "backward" }, dx.size, { reads: [dy], writes: [dx], sizes });
  },
});
