import { meanSquaredErrorOp } from "../../../ops/mean-squared-error.ts";
import { implement } from "../context.ts";
import { sumAll } from "./reductions.ts";

export const meanSquaredErrorKernels = implement(meanSquaredErrorOp, {
  forward(gpu, { x, target }, { loss }) {
    const program = { shader: "mean-squared-error", entry: "forward" } as const;
    sumAll(gpu, program, { reads: [x, target], size: x.size, to: loss, factor: 1 / x.size });
  },
  backward(gpu, { dloss, x, target }, { dx, dtarget }) {
    for (const [gradient, factor] of [
      [dx, 2],
      [dtarget, -2],
    ] as const) {
      if (!gradient) continue;
      const parameters = { sizes: [x.size], numbers: [factor / x.size] };
      const dispatch = { reads: [x, target, dloss], writes: [gradient], ...parameters };
      gpu.elements({ shader: "mean-squared-error", entry: "backward" }, x.size, dispatch);
    }
  },
});
