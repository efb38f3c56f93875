import { binaryCrossEntropyOp } from "../../../ops/binary-cross-entropy.ts";
import { implement } from "../context.ts";
import { sumAll } from "./reductions.ts";

const shader = "binary-cross-entropy";

export const binaryCrossEntropyKernels = implement(binaryCrossEntropyOp, {
  forward(gpu, { logits, targets, weights }, { loss }) {
    const size = logits.size;
    const sum = { reads: [weights, logits, targets], size, sizes: [weights ? 1 : 0], to: loss, factor: 1 / size };
    sumAll(gpu, { shader, entry: "forward" }, sum);
  },
  backward(gpu, { dloss, logits, targets, weights }, { dlogits, dtargets, dweights }) {
    const dispatch = { reads: [weights, logits, targets, dloss], sizes: [logits.size, weights ? 1 : 0] };
    for (const [entry, gradient] of [
      ["logitGradient", dlogits],
      ["targetGradient", dtargets],
      ["weightGradient", dweights],
    ] as const) {
      if (gradient) gpu.elements({ shader, entry }, logits.size, { ...dispatch, writes: [gradient] });
    }
  },
});
