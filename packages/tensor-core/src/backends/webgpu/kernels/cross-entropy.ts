import { crossEntropyOp } from "../../../ops/cross-entropy.ts";
import { implement } from "../context.ts";
import { addPartials } from "./reductions.ts";
import { eachRow } from "./rows.ts";

export const crossEntropyKernels = implement(crossEntropyOp, {
  forward(gpu, { logits, targets }, { loss, logSumExp }, { labelSmoothing }) {
    const [rows, width] = logits.shape;
    const losses = gpu.scratch(rows);
    const dispatch = { reads: [logits, targets], writes: [logSumExp, losses], numbers: [labelSmoothing] };
    eachRow(gpu, { shader: "cross-entropy", entry: "forward" }, { rows, width }, dispatch);
    addPartials(gpu, losses, rows, loss, 1 / rows);
  },
  backward(gpu, { dloss, logits, targets, logSumExp }, { dlogits }, { labelSmoothing }) {
    if (!dlogits) return;
    gpu.elements({ shader: "cross-entropy", entry: "backward" }, logits.size, {
      reads: [logits, targets, logSumExp, dloss],
      writes: [dlogits],
      sizes: logits.shape,
      numbers: [labelSmoothing],
    });
  },
});
