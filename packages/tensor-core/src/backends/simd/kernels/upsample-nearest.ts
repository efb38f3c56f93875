import { upsampleNearestOp } from "../../../ops/upsample-nearest.ts";
import { grainFor, implement } from "../context.ts";

export const upsampleNearestKernels = implement(upsampleNearestOp, {
  forward(simd, { x }, { y }, { factor }) {
    const [batch, height, width, channels] = x.shape;
    const grain = grainFor(width * channels * factor * factor);
    simd.parallel("upsampleNearestForward", batch * height, grain, ...simd.pointers(x, y), width, channels, factor);
  },
  backward(simd, { dy }, { dx }, { factor }) {
    if (!dx) return;
    const [batch, height, width, channels] = dx.shape;
    const grain = grainFor(width * channels * factor * factor);
    simd.parallel("upsampleNearestBackward", batch * height, grain, ...simd.pointers(dy, dx), width, channels, factor);
  },
});
