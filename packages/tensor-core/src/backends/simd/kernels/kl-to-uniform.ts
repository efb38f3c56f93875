import { klToUniformOp } from "../../../ops/kl-to-uniform.ts";
import { grainFor, implement } from "../context.ts";

export const klToUniformKernels = implement(klToUniformOp, {
  forward(simd, { logits }, { loss, logSumExp, divergence }) {
    const rows = divergence.size;
    const width = logits.size / rows;
    const at = simd.pointers(logits, logSumExp, divergence);
    simd.parallel("klToUniformForward", rows, grainFor(width * 4), ...at, width);
    simd.call("storeMean", simd.pointer(divergence), rows, simd.pointer(loss));
  },
  backward(simd, { dloss, logits, logSumExp, divergence }, { dlogits }) {
    const rows = divergence.size;
    const width = logits.size / rows;
    const at = simd.pointers(dloss, logits, logSumExp, divergence, dlogits);
    simd.parallel("klToUniformBackward", rows, grainFor(width * 4), ...at, width, rows);
  },
});
