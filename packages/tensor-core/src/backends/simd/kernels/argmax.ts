import { argmaxOp } from "../../../ops/argmax.ts";
import { grainFor, implement } from "../context.ts";

export const argmaxKernels = implement(argmaxOp, {
  forward(simd, { x }, { index }) {
    const width = x.shape[x.shape.length - 1];
    simd.parallel("argmaxForward", index.size, grainFor(width), ...simd.pointers(x, index), width);
  },
});
