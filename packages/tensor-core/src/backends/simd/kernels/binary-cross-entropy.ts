import { binaryCrossEntropyOp } from "../../../ops/binary-cross-entropy.ts";
import { implement } from "../context.ts";
import { chunksOf, ELEMENTS } from "./chunks.ts";

export const binaryCrossEntropyKernels = implement(binaryCrossEntropyOp, {
  forward(simd, { logits, targets, weights }, { loss }) {
    const chunks = chunksOf([logits]);
    const partials = simd.scratch(chunks * 8);
    const at = simd.pointers(logits, targets, weights);
    simd.parallel("binaryCrossEntropyForward", chunks, 2, ...at, partials, logits.size);
    simd.call("storeScaledSum", partials, chunks, 1 / logits.size, simd.pointer(loss));
  },
  backward(simd, { dloss, logits, targets, weights }, { dlogits, dtargets, dweights }) {
    const at = simd.pointers(dloss, logits, targets, weights, dlogits, dtargets, dweights);
    simd.parallel("binaryCrossEntropyBackward", logits.size, ELEMENTS, ...at, logits.size);
  },
});
