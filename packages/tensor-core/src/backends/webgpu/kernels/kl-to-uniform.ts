import { klToUniformOp } from "../../../ops/kl-to-uniform.ts";
import { implement } from "../context.ts";
import { addPartials } from "./reductions.ts";
import { eachRow, rowsOf } from "./rows.ts";

export const klToUniformKernels = implement(klToUniformOp, {
  forward(gpu, { logits }, { loss, logSumExp, divergence }) {
    const matrix = rowsOf(logits);
    const dispatch = { reads: [logits], writes: [logSumExp, divergence] };
    eachRow(gpu, { shader: "kl-to-uniform", entry: "forward" }, matrix, dispatch);
    addPartials(gpu, divergence, matrix.rows, loss, 1 / matrix.rows);
  },
  backward(gpu, { dloss, logits, logSumExp, divergence }, { dlogits }) {
    if (!dlogits) return;
    const { rows, width } = rowsOf(logits);
    const reads = [logits, logSumExp, divergence, dloss];
    const dispatch = { reads, writes: [dlogits], sizes: [rows, width] };
    gpu.elements({ shader: "kl-to-uniform", entry: "backward" }, logits.size, dispatch);
  },
});
