import { adamWOp } from "../../../ops/adamw.ts";
import { implement } from "../context.ts";

export const adamWKernels = implement(adamWOp, {
  forward(gpu, { parameters, gradients, firstMoments, secondMoments, norm }, _, options) {
    const { beta1, beta2, epsilon, step, maxNorm } = options;
    const corrections = [1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step)];
    const isClipped = norm && maxNorm !== undefined ? 1 : 0;
    parameters.forEach((parameter, t) => {
      const rates = [options.learningRates[t], options.weightDecays[t]];
      gpu.elements({ shader: "adamw", entry: "update" }, parameter.size, {
        reads: [gradients[t], norm],
        writes: [parameter, firstMoments[t], secondMoments[t]],
        sizes: [parameter.size, isClipped],
        numbers: [...rates, beta1, beta2, ...corrections, epsilon, maxNorm ?? 0],
      });
    });
  },
});
