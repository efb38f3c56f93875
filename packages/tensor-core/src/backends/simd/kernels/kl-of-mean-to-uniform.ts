import { klOfMeanToUniformOp } from "../../../ops/kl-of-mean-to-uniform.ts";
import { grainFor, implement } from "../context.ts";

export const klOfMeanToUniformKernels = implement(klOfMeanToUniformOp, {
  forward(simd, { logits }, { y, mean }) {
    const width = mean.size;
    const rows = logits.size / width;
    const chunk = Math.max(1, Math.ceil(rows / 16));
    const chunks = Math.ceil(rows / chunk);
    const partials = simd.scratch(chunks * width * 8);
    simd.parallel("klOfMeanPartials", chunks, 1, simd.pointer(logits), partials, width, rows, chunk);
    simd.call("klOfMeanReduce", partials, simd.pointer(mean), simd.pointer(y), width, rows, chunks);
  },
  backward(simd, { dy, logits, mean }, { dlogits }) {
    if (!dlogits) return;
    const width = mean.size;
    const rows = logits.size / width;
    const logarithms = simd.scratch(width * 4);
    const scratch = simd.scratch(simd.threads * width * 4);
    simd.call("klOfMeanLogarithms", simd.pointer(mean), logarithms, width);
    const at = [simd.pointer(dy), simd.pointer(logits), logarithms, simd.pointer(dlogits), scratch] as const;
    simd.parallel("klOfMeanBackward", rows, grainFor(width * 4), ...at, width, rows);
  },
});
