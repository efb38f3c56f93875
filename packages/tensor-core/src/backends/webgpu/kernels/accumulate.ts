import { accumulateOp } from "../../../ops/accumulate.ts";
import { implement } from "../context.ts";

export const accumulateKernels = implement(accumulateOp, {
  forward(gpu, { targets, sources }, _, { scale }) {
    targets.forEach((target, t) => {
      const dispatch = { reads: [sources[t]], writes: [target], sizes: [target.size], numbers: [scale] };
      gpu.elements({ shader: "add-scaled", entry: "accumulate" }, target.size, dispatch);
    });
  },
});
