import { gatherRowsOp } from "../../../ops/gather-rows.ts";
import { implement } from "../context.ts";
import { scatterRows } from "./scatter-rows.ts";

export const gatherRowsKernels = implement(gatherRowsOp, {
  forward(gpu, { x, index }, { y }) {
    const halves = gpu.halvesOf(x);
    const program = { shader: "gather-rows", entry: "forward", constants: { X_HALF: !!halves } } as const;
    gpu.elements(program, y.size, { reads: [halves ?? x, index], writes: [y], sizes: [y.size, x.shape[1]] });
  },
  backward(gpu, { dy, index }, { dx }) {
    if (dx) scatterRows(gpu, dy, index, dx);
  },
});
