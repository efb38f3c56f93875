import { logitLaplaceOp } from "../../../ops/logit-laplace.ts";
import { grainFor, implement } from "../context.ts";

export const logitLaplaceKernels = implement(logitLaplaceOp, {
  forward(simd, { parameters, target }, { loss }) {
    const channels = target.shape[target.shape.length - 1];
    const pixels = target.size / channels;
    const perChunk = grainFor(channels * 8);
    const chunks = Math.ceil(pixels / perChunk);
    const partials = simd.scratch(chunks * 8);
    const at = simd.pointers(parameters, target);
    simd.parallel("logitLaplaceForward", chunks, 1, ...at, partials, channels, pixels, perChunk);
    simd.call("storeScaledSum", partials, chunks, 1 / target.size, simd.pointer(loss));
  },
  backward(simd, { dloss, parameters, target }, { dparameters, dtarget }) {
    const channels = target.shape[target.shape.length - 1];
    const pixels = target.size / channels;
    const at = simd.pointers(dloss, parameters, target, dparameters, dtarget);
    simd.parallel("logitLaplaceBackward", pixels, grainFor(channels * 8), ...at, channels, pixels);
  },
});
