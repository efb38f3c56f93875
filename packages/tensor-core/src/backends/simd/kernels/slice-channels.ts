import { sliceChannelsOp } from "../../../ops/slice-channels.ts";
import { grainFor, implement } from "../context.ts";

export const sliceChannelsKernels = implement(sliceChannelsOp, {
  forward(simd, { x }, { y }, { start, length }) {
    const width = x.size / (y.size / length);
    simd.parallel(
      "sliceChannels",
      y.size / length,
      grainFor(length),
      simd.pointer(x),
      simd.pointer(y),
      width,
      start,
      length,
    );
  },
  backward(simd, { dy }, { dx }, { start, length }) {
    if (!dx) return;
    const rows = dy.size / length;
    simd.parallel(
      "sliceChannelsBackward",
      rows,
      grainFor(dx.size / rows),
      simd.pointer(dy),
      simd.pointer(dx),
      dx.size / rows,
      start,
      length,
    );
  },
});
