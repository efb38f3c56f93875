import { scatterTokensOp } from "../../../ops/scatter-tokens.ts";
import { implement } from "../context.ts";
import { sumColumns } from "./reductions.ts";

export const scatterTokensKernels = implement(scatterTokensOp, {
  forward(gpu, { x, fill, index }, { y }) {
    const [, tokens, width] = x.shape;
    const dispatch = { reads: [index, x, fill], writes: [y], sizes: [y.size, tokens, index.shape[1], width] };
    gpu.elements({ shader: "scatter-tokens", entry: "forward" }, y.size, dispatch);
  },
  backward(gpu, { dy, index }, { dx, dfill }) {
    const [batch, places, width] = dy.shape;
    if (dx) {
      const dispatch = { reads: [index, dy], writes: [dx], sizes: [dx.size, dx.shape[1], places, width] };
      gpu.elements({ shader: "scatter-tokens", entry: "backward" }, dx.size, dispatch);
    }
    if (dfill) {
      sumColumns(gpu, { shader: "filled-sums" }, { reads: [index, dy], rows: batch * places, width, to: dfill });
    }
  },
});
