import { meanAbsoluteErrorOp } from "../../../ops/mean-absolute-error.ts";
import { implement } from "../context.ts";
import { ELEMENTS, storeChunkedSum } from "./chunks.ts";

export const meanAbsoluteErrorKernels = implement(meanAbsoluteErrorOp, {
  forward(simd, { x, target }, { loss }) {
    storeChunkedSum(simd, "meanAbsoluteErrorForward", simd.pointers(x, target), x.size, 1 / x.size, loss);
  },
  backward(simd, { dloss, x, target }, { dx, dtarget }) {
    const at = simd.pointers(dloss, x, target, dx, dtarget);
    simd.parallel("meanAbsoluteErrorBackward", x.size, ELEMENTS, ...at, x.size);
  },
});
