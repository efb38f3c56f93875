import { gumbelSoftmaxOp } from "../../../ops/gumbel-softmax.ts";
import { grainFor, implement } from "../context.ts";

export const gumbelSoftmaxKernels = implement(gumbelSoftmaxOp, {
  forward(simd, { logits, noise }, { y, soft }, { temperature, hard }) {
    const width = logits.shape[logits.shape.length - 1];
    const at = simd.pointers(logits, noise, hard ? soft : y, hard ? y : undefined);
    simd.parallel("gumbelSoftmaxForward", logits.size / width, grainFor(width * 4), ...at, width, temperature);
  },
  backward(simd, { dy, y, soft }, { dlogits, dnoise }, { temperature, hard }) {
    const width = y.shape[y.shape.length - 1];
    const at = simd.pointers(dy, hard ? soft : y, dlogits, dnoise);
    simd.parallel("gumbelSoftmaxBackward", y.size / width, grainFor(width), ...at, width, temperature);
  },
});
