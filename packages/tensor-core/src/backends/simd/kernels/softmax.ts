import { softmaxOp } from "../../../ops/softmax.ts";
import { grainFor, implement } from "../context.ts";

export const softmaxKernels = implement(softmaxOp, {
  forward(simd, { x }, { y }) {
    const width = x.shape[x.shape.length - 1];
    simd.parallel("softmaxForward", x.size / width, grainFor(width), simd.pointer(x), simd.pointer(y), width);
  },
  backward(simd, { dy, y }, { dx }) {
    const width = y.shape[y.shape.length - 1];
    simd.parallel("softmaxBackward", y.size / width, grainFor(width), ...simd.pointers(dy, y, dx), width);
  },
});
