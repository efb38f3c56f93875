import { accumulateOp } from "../../../ops/accumulate.ts";
import { implement } from "../context.ts";

export const accumulateKernels = implement(accumulateOp, {
  forward(simd, { targets, sources }, _, { scale }) {
    targets.forEach((target, i) => {
      simd.parallel("accumulate", target.size, 65536, simd.pointer(target), simd.pointer(sources[i]), scale);
    });
  },
});
