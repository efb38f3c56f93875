import { gatherRowsOp } from "../../../ops/gather-rows.ts";
import { implement } from "../context.ts";
import { scatterRows } from "./scatter-rows.ts";

export const gatherRowsKernels = implement(gatherRowsOp, {
  forward(gpu, { x, index }, { y }) {
    const dispatch = { reads: [x, index], writes: [y], sizes: [y.size, x.shape[1]] };
    gpu.elements({ shader: "gather-rows", entry: "forward" }, y.size, dispatch);
  },
  backward(gpu, { dy, index }, { dx }) {
    if (dx) scatterRows(gpu, dy, index, dx);
  },
});
