import { embeddingOp } from "../../../ops/embedding.ts";
import { grainFor, implement } from "../context.ts";

export const embeddingKernels = implement(embeddingOp, {
  forward(simd, { table, ids }, { y }) {
    const [rows, width] = table.shape;
    simd.parallel("embeddingForward", ids.size, grainFor(width), ...simd.pointers(table, ids, y), rows, width);
  },
  backward(simd, { dy, ids }, { dtable }) {
    if (!dtable) return;
    const [rows, width] = dtable.shape;
    // Few ranges, because each looks through all ids.
    const grain = Math.max(Math.ceil(rows / 16), grainFor(width));
    simd.parallel("embeddingBackward", rows, grain, ...simd.pointers(dy, ids, dtable), ids.size, width);
  },
});
