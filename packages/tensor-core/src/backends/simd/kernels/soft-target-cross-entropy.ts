import { softTargetCrossEntropyOp } from "../../../ops/soft-target-cross-entropy.ts";
import { grainFor, implement } from "../context.ts";

export const softTargetCrossEntropyKernels = implement(softTargetCrossEntropyOp, {
  // Losses of rows first, then their mean in one order.
  forward(simd, { logits, targets }, { loss, logSumExp, mass, losses }) {
    const [rows, width] = logits.shape;
    const at = simd.pointers(logits, targets, logSumExp, mass, losses);
    simd.parallel("softTargetCrossEntropyForward", rows, grainFor(width), ...at, width);
    simd.call("storeMean", simd.pointer(losses), rows, simd.pointer(loss));
  },
  backward(simd, { dloss, logits, targets, logSumExp, mass }, { dlogits, dtargets }) {
    const [rows, width] = logits.shape;
    const at = simd.pointers(dloss, logits, targets, logSumExp, mass, dlogits, dtargets);
    simd.parallel("softTargetCrossEntropyBackward", rows, grainFor(width), ...at, rows, width);
  },
});
