import { globalNormOp } from "../../../ops/global-norm.ts";
import { implement } from "../context.ts";
import { partialsOf } from "./reductions.ts";

export const globalNormKernels = implement(globalNormOp, {
  forward(gpu, { tensors }, { norm }) {
    const counts = tensors.map(({ size }) => partialsOf(size));
    const total = counts.reduce((sum, count) => sum + count, 0);
    // Sums of three kinds: of large, middling and small values.
    const partials = gpu.scratch(3 * total);
    let first = 0;
    tensors.forEach((tensor, t) => {
      const dispatch = { reads: [tensor], writes: [partials], sizes: [tensor.size, first, total] };
      gpu.groups({ shader: "squares", entry: "partials" }, counts[t], dispatch);
      first += counts[t];
    });
    gpu.groups({ shader: "squares", entry: "root" }, 1, { reads: [partials], writes: [norm], sizes: [total] });
  },
});
