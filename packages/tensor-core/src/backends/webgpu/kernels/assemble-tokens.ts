import { assembleTokensOp } from "../../../ops/assemble-tokens.ts";
import { implement } from "../context.ts";
import { addRows, sumColumns } from "./reductions.ts";

export const assembleTokensKernels = implement(assembleTokensOp, {
  forward(gpu, { patches, classToken, maskToken, mask, position }, { y }) {
    const [, count, width] = patches.shape;
    gpu.elements({ shader: "assemble-tokens", entry: "forward" }, y.size, {
      reads: [mask, patches, classToken, maskToken, position],
      writes: [y],
      sizes: [y.size, count, width, mask ? 1 : 0, position ? 1 : 0],
    });
  },
  backward(gpu, { dy, mask }, { dpatches, dclassToken, dmaskToken, dposition }) {
    const [batch, tokens, width] = dy.shape;
    const count = tokens - 1;
    if (dpatches) {
      const sizes = [dpatches.size, count, width, mask ? 1 : 0, 0];
      const dispatch = { reads: [mask, dy], writes: [dpatches], sizes };
      gpu.elements({ shader: "assemble-tokens", entry: "backward" }, dpatches.size, dispatch);
    }
    const sum = { reads: [mask, dy], width, sizes: [count] };
    if (dclassToken) {
      sumColumns(gpu, { shader: "token-sums" }, { ...sum, rows: batch, to: dclassToken });
    }
    if (dmaskToken) {
      const program = { shader: "token-sums", constants: { MASKED: true } } as const;
      sumColumns(gpu, program, { ...sum, rows: batch * count, to: dmaskToken });
    }
    addRows(gpu, dy, batch, tokens * width, dposition);
  },
});
