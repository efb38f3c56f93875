import { maxPool2dOp } from "../../../ops/max-pool2d.ts";
import { grainFor, implement } from "../context.ts";

export const maxPool2dKernels = implement(maxPool2dOp, {
  forward(simd, { x }, { y, place }, { size }) {
    const [batch, height, width, channels] = y.shape;
    const grain = grainFor(width * channels * size * size);
    simd.parallel("maxPool2dForward", batch * height, grain, ...simd.pointers(x, y, place), width, channels, size);
  },
  backward(simd, { dy, place }, { dx }, { size }) {
    const [batch, height, width, channels] = dy.shape;
    const grain = grainFor(width * channels * size * size);
    simd.parallel("maxPool2dBackward", batch * height, grain, ...simd.pointers(dy, place, dx), width, channels, size);
  },
});
