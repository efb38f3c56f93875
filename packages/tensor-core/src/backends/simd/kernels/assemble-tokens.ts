import { assembleTokensOp } from "../../../ops/assemble-tokens.ts";
import { grainFor, implement } from "../context.ts";

export const assembleTokensKernels = implement(assembleTokensOp, {
  forward(simd, { patches, classToken, maskToken, mask, position }, { y }) {
    const [batch, count, width] = patches.shape;
    const at = simd.pointers(patches, classToken, maskToken, mask, position, y);
    simd.parallel("assembleTokensForward", batch * (count + 1), grainFor(width), ...at, count, width);
  },
  // A token's sums over the batch belong to one range; the mask token's are added up over tokens afterwards.
  backward(simd, { dy, mask }, { dpatches, dclassToken, dmaskToken, dposition }) {
    const [batch, tokens, width] = dy.shape;
    const partials = dmaskToken ? simd.scratch(tokens * width * 4) : 0;
    const at = simd.pointers(dy, mask, dpatches, dclassToken, dposition);
    const grain = grainFor(batch * width);
    simd.parallel("assembleTokensBackward", tokens, grain, ...at, partials, batch, tokens - 1, width);
    if (dmaskToken) simd.call("columnSums", partials, simd.pointer(dmaskToken), tokens, width, 0, width, 0);
  },
});
