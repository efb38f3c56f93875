import { addScaledOp } from "../../../ops/add-scaled.ts";
import { implement } from "../context.ts";
import { copy } from "./copy.ts";

export const addScaledKernels = implement(addScaledOp, {
  forward(gpu, { x, y }, { z }, { scale }) {
    const dispatch = { reads: [x, y], writes: [z], sizes: [x.size], numbers: [scale] };
    gpu.elements({ shader: "add-scaled", entry: "forward" }, x.size, dispatch);
  },
  backward(gpu, { dz }, { dx, dy }, { scale }) {
    copy(gpu, dz, dx, dz.size);
    copy(gpu, dz, dy, dz.size, scale);
  },
});
