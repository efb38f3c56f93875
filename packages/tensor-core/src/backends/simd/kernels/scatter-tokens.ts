import { scatterTokensOp } from "../../../ops/scatter-tokens.ts";
import { grainFor, implement } from "../context.ts";

export const scatterTokensKernels = implement(scatterTokensOp, {
  forward(simd, { x, fill, index }, { y }) {
    const [, tokens, width] = x.shape;
    const at = simd.pointers(x, fill, index, y);
    simd.parallel("scatterTokensForward", index.size, grainFor(width), ...at, tokens, index.shape[1], width);
  },
  // A sample belongs to one range; what samples add to the other token is added up over them afterwards.
  backward(simd, { dy, index }, { dx, dfill }) {
    const [batch, places, width] = dy.shape;
    const partials = dfill ? simd.scratch(batch * width * 4) : 0;
    const at = simd.pointers(dy, index, dx);
    const [tokens, grain] = [dx ? dx.shape[1] : 0, grainFor(places * width)];
    simd.parallel("scatterTokensBackward", batch, grain, ...at, partials, tokens, places, width);
    if (dfill) simd.call("columnSums", partials, simd.pointer(dfill), batch, width, 0, width, 0);
  },
});
