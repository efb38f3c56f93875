import { embeddingOp } from "../../../ops/embedding.ts";
import { implement } from "../context.ts";
import { scatterRows } from "./scatter-rows.ts";

export const embeddingKernels = implement(embeddingOp, {
  forward(gpu, { table, ids }, { y }) {
    const dispatch = { reads: [table, ids], writes: [y], sizes: [y.size, ...table.shape] };
    gpu.elements({ shader: "embedding", entry: "forward" }, y.size, dispatch);
  },
  backward(gpu, { dy, ids }, { dtable }) {
    if (dtable) scatterRows(gpu, dy, ids, dtable);
  },
});
