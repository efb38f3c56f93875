import { gaussianSampleOp } from "../../../ops/gaussian-sample.ts";
import { implement } from "../context.ts";
import { ELEMENTS } from "./chunks.ts";

export const gaussianSampleKernels = implement(gaussianSampleOp, {
  forward(simd, { mean, logVariance, noise }, { z }) {
    const at = simd.pointers(mean, logVariance, noise, z);
    simd.parallel("gaussianSampleForward", z.size, ELEMENTS / 4, ...at);
  },
  backward(simd, { dz, logVariance, noise }, { dmean, dlogVariance, dnoise }) {
    const at = simd.pointers(dz, logVariance, noise, dmean, dlogVariance, dnoise);
    simd.parallel("gaussianSampleBackward", dz.size, ELEMENTS / 4, ...at);
  },
});
