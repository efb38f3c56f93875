import { upsampleNearestOp } from "../../../ops/upsample-nearest.ts";
import { implement } from "../context.ts";

export const upsampleNearestKernels = implement(upsampleNearestOp, {
  forward(gpu, { x }, { y }, { factor }) {
    const [, , width, channels] = y.shape;
    const dispatch = { reads: [x], writes: [y], sizes: [y.size, width, channels, factor] };
    gpu.elements({ shader: "upsample-nearest", entry: "forward" }, y.size, dispatch);
  },
  backward(gpu, { dy }, { dx }, { factor }) {
    if (!dx) return;
    const [, , width, channels] = dx.shape;
    const dispatch = { reads: [dy], writes: [dx], sizes: [dx.size, width, channels, factor] };
    gpu.elements({ shader: "upsample-nearest", entry: "backward" }, dx.size, dispatch);
  },
});
