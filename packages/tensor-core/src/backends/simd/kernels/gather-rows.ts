// Gathering rows is looking up an embedding: the same kernels.
import { gatherRowsOp } from "../../../ops/gather-rows.ts";
import { grainFor, implement } from "../context.ts";

export const gatherRowsKernels = implement(gatherRowsOp, {
  forward(simd, { x, index }, { y }) {
    const [rows, width] = x.shape;
    simd.parallel("embeddingForward", index.size, grainFor(width), ...simd.pointers(x, index, y), rows, width);
  },
  backward(simd, { dy, index }, { dx }) {
    if (!dx) return;
    const [rows, width] = dx.shape;
    // Few ranges, because each looks through the whole index.
    const grain = Math.max(Math.ceil(rows / 16), grainFor(width));
    simd.parallel("embeddingBackward", rows, grain, ...simd.pointers(dy, index, dx), index.size, width);
  },
});
