import { relativePositionBiasOp } from "../../../ops/relative-position-bias.ts";
import { grainFor, implement } from "../context.ts";

export const relativePositionBiasKernels = implement(relativePositionBiasOp, {
  forward(simd, { table, index }, { y }) {
    const [rows, heads] = table.shape;
    const at = simd.pointers(table, index, y);
    simd.parallel("relativePositionBiasForward", heads, grainFor(index.size), ...at, rows, heads, index.size);
  },
  backward(simd, { dy, index }, { dtable }) {
    if (!dtable) return;
    const [rows, heads] = dtable.shape;
    const scratch = simd.scratch(rows * 4 * simd.threads);
    const at = simd.pointers(dy, index, dtable);
    const grain = grainFor(index.size + rows);
    simd.parallel("relativePositionBiasBackward", heads, grain, ...at, scratch, rows, heads, index.size);
  },
});
