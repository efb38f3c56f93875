import { klOfMeanToUniformOp } from "../../../ops/kl-of-mean-to-uniform.ts";
import { implement } from "../context.ts";
import { sumColumns } from "./reductions.ts";
import { eachRow, rowsOf } from "./rows.ts";

export const klOfMeanToUniformKernels = implement(klOfMeanToUniformOp, {
  forward(gpu, { logits }, { y, mean }) {
    const { rows, width } = rowsOf(logits);
    const logSumExp = gpu.scratch(rows);
    eachRow(gpu, { shader: "log-sum-exp" }, { rows, width }, { reads: [logits], writes: [logSumExp] });
    const sum = { reads: [logits, logSumExp], rows, width, numbers: [rows], to: mean };
    sumColumns(gpu, { shader: "mean-distribution" }, sum);
    const dispatch = { reads: [mean], writes: [y], sizes: [rows, width] };
    gpu.groups({ shader: "kl-of-mean-to-uniform", entry: "forward" }, 1, dispatch);
  },
  backward(gpu, { dy, logits, mean }, { dlogits }) {
    if (!dlogits) return;
    const dispatch = { reads: [mean, logits, dy], writes: [dlogits] };
    eachRow(gpu, { shader: "kl-of-mean-to-uniform", entry: "backward" }, rowsOf(logits), dispatch);
  },
});
