import { addBiasOp } from "../../../ops/add-bias.ts";
import { implement } from "../context.ts";
import { copy } from "./copy.ts";
import { addRows } from "./reductions.ts";

export const addBiasKernels = implement(addBiasOp, {
  forward(gpu, { x, bias }, { y }) {
    const dispatch = { reads: [x, bias], writes: [y], sizes: [x.size, bias.size] };
    gpu.elements({ shader: "add-bias", entry: "forward" }, x.size, dispatch);
  },
  backward(gpu, { dy }, { dx, dbias }) {
    copy(gpu, dy, dx, dy.size);
    const width = dy.shape[dy.shape.length - 1];
    addRows(gpu, dy, dy.size / width, width, dbias);
  },
});
