import { gaussianSampleOp } from "../../../ops/gaussian-sample.ts";
import { implement } from "../context.ts";
import { ELEMENTS } from "./chunks.ts";

export const gaussianSampleKernels = implement(gaussianSampleOp, {
  forward(simd, { mean, logVariance, noise }, { z }) {
    const at = [mean, logVariance, noise, z].map(simd.pointer);
    simd.parallel("gaussianSampleForward", z.size, ELEMENTS / 4, ...at);
  },
  backward(simd, { dz, logVariance, noise }, { dmean, dlogVariance, dnoise }) {
    const at = [dz, logVariance, noise, dmean, dlogVariance, dnoise].map(simd.pointer);
    simd.parallel("gaussianSampleBackward", dz.size, ELEMENTS / 4, ...at);
  },
});
