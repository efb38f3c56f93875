import { crossEntropyOp } from "../../../ops/cross-entropy.ts";
import { grainFor, implement } from "../context.ts";

export const crossEntropyKernels = implement(crossEntropyOp, {
  // Losses of rows first, then their mean in one order.
  forward(simd, { logits, targets }, { loss, logSumExp }, { labelSmoothing }) {
    const [rows, width] = logits.shape;
    const losses = simd.scratch(rows * 4);
    const at = simd.pointers(logits, targets, logSumExp);
    simd.parallel("crossEntropyForward", rows, grainFor(width), ...at, losses, width, labelSmoothing);
    simd.call("storeMean", losses, rows, simd.pointer(loss));
  },
  backward(simd, { dloss, logits, targets, logSumExp }, { dlogits }, { labelSmoothing }) {
    const [rows, width] = logits.shape;
    const at = simd.pointers(dloss, logits, targets, logSumExp, dlogits);
    simd.parallel("crossEntropyBackward", rows, grainFor(width), ...at, rows, width, labelSmoothing);
  },
});
