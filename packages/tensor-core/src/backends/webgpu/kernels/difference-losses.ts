// The mean over all elements of a loss of x - target, for shaders made with include/difference-loss.wgsl.
import type { ShaderName } from "../../../generated/shaders.ts";
import type { meanSquaredErrorOp } from "../../../ops/mean-squared-error.ts";
import { implement, type WebgpuKernels } from "../context.ts";
import { sumAll } from "./reductions.ts";

/** @param scale what the slope of the shader is multiplied by */
export function implementDifferenceLoss(op: typeof meanSquaredErrorOp, shader: ShaderName, scale = 1): WebgpuKernels {
  return implement(op, {
    forward(gpu, { x, target }, { loss }) {
      const sum = { reads: [x, target], size: x.size, to: loss, factor: 1 / x.size };
      sumAll(gpu, { shader, entry: "forward" }, sum);
    },
    backward(gpu, { dloss, x, target }, { dx, dtarget }) {
      for (const [gradient, factor] of [
        [dx, scale],
        [dtarget, -scale],
      ] as const) {
        if (!gradient) continue;
        const parameters = { sizes: [x.size], numbers: [factor / x.size] };
        const dispatch = { reads: [x, target, dloss], writes: [gradient], ...parameters };
        gpu.elements({ shader, entry: "backward" }, x.size, dispatch);
      }
    },
  });
}
