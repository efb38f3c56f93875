// Attention runs over (sample, head) tasks; the bias gradient, a sum over samples, over (chunk of samples, head) tasks.
import type { Tensor } from "../../../tensor.ts";
import { attentionOp, attentionProbabilitiesOp } from "../../../ops/attention.ts";
import { grainFor, implement, type Simd } from "../context.ts";

// Partial sums of the bias gradient: enough for the threads to share, few enough for memory.
const CHUNKS = 8;

export const attentionKernels = implement(attentionOp, {
  forward(simd, { qkv, bias }, { y, logSumExp }, { heads }) {
    const { batch, tokens, headWidth, work } = sizesOf(qkv, heads);
    const at = simd.pointers(qkv, bias, y, logSumExp);
    const sizes = [scratchFor(simd, tokens), tokens, heads, headWidth] as const;
    simd.parallel("attentionForward", batch * heads, grainFor(work), ...at, ...sizes);
  },
  backward(simd, { dy, qkv, bias, y, logSumExp }, { dqkv, dbias }, { heads }) {
    const { batch, tokens, headWidth, work } = sizesOf(qkv, heads);
    const chunk = dbias ? Math.max(1, Math.ceil(batch / CHUNKS)) : 1;
    const chunks = Math.ceil(batch / chunk);
    const scores = heads * tokens * tokens;
    const partials = dbias ? simd.scratch(chunks * scores * 4) : 0;
    const at = simd.pointers(dy, qkv, bias, y, logSumExp, dqkv);
    const sizes = [batch, chunk, tokens, heads, headWidth] as const;
    const grain = grainFor(2 * work * chunk);
    simd.parallel("attentionBackward", chunks * heads, grain, ...at, partials, scratchFor(simd, tokens), ...sizes);
    if (dbias) simd.parallel("columnSums", scores, 4096, partials, simd.pointer(dbias), chunks, scores);
  },
});

export const attentionProbabilitiesKernels = implement(attentionProbabilitiesOp, {
  forward(simd, { qkv, bias }, { y }, { heads }) {
    const { batch, tokens, headWidth, work } = sizesOf(qkv, heads);
    const at = simd.pointers(qkv, bias, y);
    const sizes = [scratchFor(simd, tokens), tokens, heads, headWidth] as const;
    simd.parallel("attentionProbabilities", batch * heads, grainFor(work), ...at, ...sizes);
  },
});

function scratchFor(simd: Simd, tokens: number): number {
  return simd.scratch(simd.call("attentionScratchBytes", tokens) * simd.threads);
}

// A multiply-add of a product is about an eighth of a plain element step.
function sizesOf({ shape: [batch, tokens, width] }: Tensor, heads: number) {
  const headWidth = width / (3 * heads);
  return { batch, tokens, headWidth, work: (tokens * tokens * (2 * headWidth + 32)) / 8 };
}
