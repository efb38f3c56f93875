import { klToUniformOp } from "../../../ops/kl-to-uniform.ts";
import { grainFor, implement } from "../context.ts";

export const klToUniformKernels = implement(klToUniformOp, {
  forward(simd, { logits }, { loss, logSumExp, divergence }) {
    const rows = divergence.size;
    const width = logits.size / rows;
    const at = [logits, logSumExp, divergence].map(simd.pointer);
    simd.parallel("klToUniformForward", rows, grainFor(width * 4), ...at, width);
    simd.call("storeMean", simd.pointer(divergence), rows, simd.pointer(loss));
  },
  backward(simd, { dloss, logits, logSumExp, divergence }, { dlogits }) {
    const rows = divergence.size;
    const width = logits.size / rows;
    const at = [dloss, logits, logSumExp, divergence, dlogits].map(simd.pointer);
    simd.parallel("klToUniformBackward", rows, grainFor(width * 4), ...at, width, rows);
  },
});
