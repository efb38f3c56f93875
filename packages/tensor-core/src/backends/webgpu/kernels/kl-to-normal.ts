import { klToNormalOp } from "../../../ops/kl-to-normal.ts";
import { implement } from "../context.ts";
import { sumAll } from "./reductions.ts";

export const klToNormalKernels = implement(klToNormalOp, {
  forward(gpu, { mean, logVariance }, { loss }) {
    const program = { shader: "kl-to-normal", entry: "forward" } as const;
    sumAll(gpu, program, { reads: [mean, logVariance], size: mean.size, to: loss, factor: 1 / mean.shape[0] });
  },
  backward(gpu, { dloss, mean, logVariance }, { dmean, dlogVariance }) {
    for (const [entry, gradient] of Object.entries({ meanGradient: dmean, logVarianceGradient: dlogVariance })) {
      if (!gradient) continue;
      const parameters = { sizes: [mean.size], numbers: [1 / mean.shape[0]] };
      const dispatch = { reads: [mean, logVariance, dloss], writes: [gradient], ...parameters };
      gpu.elements({ shader: "kl-to-normal", entry }, mean.size, dispatch);
    }
  },
});
