import { meanAbsoluteErrorOp } from "../../../ops/mean-absolute-error.ts";
import { implement } from "../context.ts";
import { sumAll } from "./reductions.ts";

export const meanAbsoluteErrorKernels = implement(meanAbsoluteErrorOp, {
  forward(gpu, { x, target }, { loss }) {
    const program = { shader: "mean-absolute-error", entry: "forward" } as const;
    sumAll(gpu, program, { reads: [x, target], size: x.size, to: loss, factor: 1 / x.size });
  },
  backward(gpu, { dloss, x, target }, { dx, dtarget }) {
    for (const [gradient, factor] of [
      [dx, 1],
      [dtarget, -1],
    ] as const) {
      if (!gradient) continue;
      const parameters = { sizes: [x.size], numbers: [factor / x.size] };
      const dispatch = { reads: [x, target, dloss], writes: [gradient], ...parameters };
      gpu.elements({ shader: "mean-absolute-error", entry: "backward" }, x.size, dispatch);
    }
  },
});
