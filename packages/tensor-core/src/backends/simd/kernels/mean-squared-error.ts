import { meanSquaredErrorOp } from "../../../ops/mean-squared-error.ts";
import { implement } from "../context.ts";
import { ELEMENTS, storeChunkedSum } from "./chunks.ts";

export const meanSquaredErrorKernels = implement(meanSquaredErrorOp, {
  forward(simd, { x, target }, { loss }) {
    storeChunkedSum(simd, "meanSquaredErrorForward", simd.pointers(x, target), x.size, 1 / x.size, loss);
  },
  backward(simd, { dloss, x, target }, { dx, dtarget }) {
    const at = simd.pointers(dloss, x, target, dx, dtarget);
    simd.parallel("meanSquaredErrorBackward", x.size, ELEMENTS, ...at, x.size);
  },
});
