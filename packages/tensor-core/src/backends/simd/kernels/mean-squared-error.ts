import { meanSquaredErrorOp } from "../../../ops/mean-squared-error.ts";
import { implement } from "../context.ts";
import { ELEMENTS, storeChunkedSum } from "./chunks.ts";

export const meanSquaredErrorKernels = implement(meanSquaredErrorOp, {
  forward(simd, { x, target }, { loss }) {
    storeChunkedSum(simd, "meanSquaredErrorForward", [x, target].map(simd.pointer), x.size, 1 / x.size, loss);
  },
  backward(simd, { dloss, x, target }, { dx, dtarget }) {
    const at = [dloss, x, target, dx, dtarget].map(simd.pointer);
    simd.parallel("meanSquaredErrorBackward", x.size, ELEMENTS, ...at, x.size);
  },
});
