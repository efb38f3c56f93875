import { relativePositionBiasOp } from "../../../ops/relative-position-bias.ts";
import { implement } from "../context.ts";
import { scatterRows } from "./scatter-rows.ts";

export const relativePositionBiasKernels = implement(relativePositionBiasOp, {
  forward(gpu, { table, index }, { y }) {
    const dispatch = { reads: [table, index], writes: [y], sizes: [y.size, index.size, table.shape[1]] };
    gpu.elements({ shader: "relative-position-bias", entry: "forward" }, y.size, dispatch);
  },
  backward(gpu, { dy, index }, { dtable }) {
    if (dtable) scatterRows(gpu, dy, index, dtable, { itemStride: 1, columnStride: index.size });
  },
});
