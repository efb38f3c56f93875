import { meanTokensOp } from "../../../ops/mean-tokens.ts";
import { implement } from "../context.ts";

export const meanTokensKernels = implement(meanTokensOp, {
  forward(gpu, { x }, { y }, { start }) {
    const [, tokens, width] = x.shape;
    const dispatch = { reads: [x], writes: [y], sizes: [y.size, tokens, width, start] };
    gpu.elements({ shader: "mean-tokens", entry: "forward" }, y.size, dispatch);
  },
  backward(gpu, { dy }, { dx }, { start }) {
    if (!dx) return;
    const [, tokens, width] = dx.shape;
    const dispatch = { reads: [dy], writes: [dx], sizes: [dx.size, tokens, width, start] };
    gpu.elements({ shader: "mean-tokens", entry: "backward" }, dx.size, dispatch);
  },
});
