import { logitLaplaceOp } from "../../../ops/logit-laplace.ts";
import { implement } from "../context.ts";
import { sumAll } from "./reductions.ts";

export const logitLaplaceKernels = implement(logitLaplaceOp, {
  forward(gpu, { parameters, target }, { loss }) {
    const sizes = [target.shape[target.shape.length - 1]];
    const sum = { reads: [parameters, target], size: target.size, sizes, to: loss, factor: 1 / target.size };
    sumAll(gpu, { shader: "logit-laplace", entry: "forward" }, sum);
  },
  backward(gpu, { dloss, parameters, target }, { dparameters, dtarget }) {
    for (const [entry, gradient] of Object.entries({ parameterGradient: dparameters, targetGradient: dtarget })) {
      if (!gradient) continue;
      const sizes = [target.size, target.shape[target.shape.length - 1]];
      const dispatch = { reads: [parameters, target, dloss], writes: [gradient], sizes };
      gpu.elements({ shader: "logit-laplace", entry }, target.size, dispatch);
    }
  },
});
