import { layerNormOp } from "../../../ops/layer-norm.ts";
import { grainFor, implement } from "../context.ts";

export const layerNormKernels = implement(layerNormOp, {
  forward(simd, { x, gamma, beta }, { y, mean, rstd }, { epsilon }) {
    const width = gamma.size;
    const at = simd.pointers(x, gamma, beta, y, mean, rstd);
    simd.parallel("layerNormForward", mean.size, grainFor(width), ...at, width, epsilon);
  },
  // Sums over rows go through a fixed number of partial sums, so that they do not depend on the number of threads.
  backward(simd, { dy, x, gamma, mean, rstd }, { dx, dgamma, dbeta }) {
    const width = gamma.size;
    const rows = mean.size;
    const chunk = Math.max(1, Math.ceil(rows / 8));
    const chunks = Math.ceil(rows / chunk);
    const partials = simd.scratch(chunks * width * 8);
    const at = simd.pointers(dy, x, gamma, mean, rstd, dx);
    simd.parallel("layerNormBackward", chunks, 1, ...at, partials, width, rows, chunk);
    simd.call("layerNormReduce", partials, simd.pointer(dgamma), simd.pointer(dbeta), width, chunks);
  },
});
