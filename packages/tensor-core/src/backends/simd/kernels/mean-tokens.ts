import { meanTokensOp } from "../../../ops/mean-tokens.ts";
import { grainFor, implement } from "../context.ts";

export const meanTokensKernels = implement(meanTokensOp, {
  forward(simd, { x }, { y }, { start }) {
    const [batch, tokens, width] = x.shape;
    simd.parallel(
      "meanTokensForward",
      batch,
      grainFor(tokens * width),
      simd.pointer(x),
      simd.pointer(y),
      start,
      tokens,
      width,
    );
  },
  backward(simd, { dy }, { dx }, { start }) {
    if (!dx) return;
    const [batch, tokens, width] = dx.shape;
    simd.parallel(
      "meanTokensBackward",
      batch,
      grainFor(tokens * width),
      simd.pointer(dy),
      simd.pointer(dx),
      start,
      tokens,
      width,
    );
  },
});
