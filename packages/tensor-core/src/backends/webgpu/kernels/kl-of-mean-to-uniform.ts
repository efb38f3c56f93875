import { klOfMeanToUniformOp } from "../../../ops/kl-of-mean-to-uniform.ts";
import { implement } from "../context.ts";
import { sumColumns } from "./reductions.ts";
import { rowsOf } from "./rows.ts";

export const klOfMeanToUniformKernels = implement(klOfMeanToUniformOp, {
  forward(gpu, { logits }, { y, mean }) {
    const { rows, width } = rowsOf(logits);
    const logSumExp = gpu.scratch(rows);
    gpu.groups({ shader: "log-sum-exp" }, rows, { reads: [logits], writes: [logSumExp], sizes: [rows, width] });
    const sum = { reads: [logits, logSumExp], rows, width, numbers: [rows], to: mean };
    sumColumns(gpu, { shader: "mean-distribution" }, sum);
    const dispatch = { reads: [mean], writes: [y], sizes: [rows, width] };
    gpu.groups({ shader: "kl-of-mean-to-uniform", entry: "forward" }, 1, dispatch);
  },
  backward(gpu, { dy, logits, mean }, { dlogits }) {
    if (!dlogits) return;
    const { rows, width } = rowsOf(logits);
    const dispatch = { reads: [mean, logits, dy], writes: [dlogits], sizes: [rows, width] };
    gpu.groups({ shader: "kl-of-mean-to-uniform", entry: "backward" }, rows, dispatch);
  },
});
