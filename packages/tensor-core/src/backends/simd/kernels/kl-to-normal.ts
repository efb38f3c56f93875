import { klToNormalOp } from "../../../ops/kl-to-normal.ts";
import { implement } from "../context.ts";
import { ELEMENTS, storeChunkedSum } from "./chunks.ts";

export const klToNormalKernels = implement(klToNormalOp, {
  forward(simd, { mean, logVariance }, { loss }) {
    const at = simd.pointers(mean, logVariance);
    storeChunkedSum(simd, "klToNormalForward", at, mean.size, 0.5 / mean.shape[0], loss);
  },
  backward(simd, { dloss, mean, logVariance }, { dmean, dlogVariance }) {
    const at = simd.pointers(dloss, mean, logVariance, dmean, dlogVariance);
    simd.parallel("klToNormalBackward", mean.size, ELEMENTS / 4, ...at, mean.shape[0]);
  },
});
