import { softTargetCrossEntropyOp } from "../../../ops/soft-target-cross-entropy.ts";
import { implement } from "../context.ts";
import { addPartials } from "./reductions.ts";
import { eachRow, rowsOf } from "./rows.ts";

const shader = "soft-target-cross-entropy";

export const softTargetCrossEntropyKernels = implement(softTargetCrossEntropyOp, {
  forward(gpu, { logits, targets }, { loss, logSumExp, mass, losses }) {
    const matrix = rowsOf(logits);
    const dispatch = { reads: [logits, targets], writes: [logSumExp, mass, losses] };
    eachRow(gpu, { shader, entry: "forward" }, matrix, dispatch);
    addPartials(gpu, losses, matrix.rows, loss, 1 / matrix.rows);
  },
  backward(gpu, { dloss, logits, targets, logSumExp, mass }, { dlogits, dtargets }) {
    const { rows, width } = rowsOf(logits);
    const dispatch = { reads: [logits, targets, logSumExp, mass, dloss], sizes: [rows, width] };
    for (const [entry, gradient] of [
      ["logitGradient", dlogits],
      ["targetGradient", dtargets],
    ] as const) {
      if (gradient) gpu.elements({ shader, entry }, logits.size, { ...dispatch, writes: [gradient] });
    }
  },
});
