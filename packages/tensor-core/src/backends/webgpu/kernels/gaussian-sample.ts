import { gaussianSampleOp } from "../../../ops/gaussian-sample.ts";
import { implement } from "../context.ts";
import { copy } from "./copy.ts";

export const gaussianSampleKernels = implement(gaussianSampleOp, {
  forward(gpu, { mean, logVariance, noise }, { z }) {
    const dispatch = { reads: [logVariance, noise, mean], writes: [z], sizes: [z.size] };
    gpu.elements({ shader: "gaussian-sample", entry: "forward" }, z.size, dispatch);
  },
  backward(gpu, { dz, logVariance, noise }, { dmean, dlogVariance, dnoise }) {
    copy(gpu, dz, dmean, dz.size);
    for (const [entry, gradient] of Object.entries({ logVarianceGradient: dlogVariance, noiseGradient: dnoise })) {
      if (!gradient) continue;
      const dispatch = { reads: [logVariance, noise, dz], writes: [gradient], sizes: [dz.size] };
      gpu.elements({ shader: "gaussian-sample", entry }, dz.size, dispatch);
    }
  },
});
