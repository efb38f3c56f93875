import { layerNormOp } from "../../../ops/layer-norm.ts";
import { implement } from "../context.ts";
import { addRows, sumColumns } from "./reductions.ts";
import { rowsOf } from "./rows.ts";

export const layerNormKernels = implement(layerNormOp, {
  forward(gpu, { x, gamma, beta }, { y, mean, rstd }, { epsilon }) {
    const { rows, width } = rowsOf(x);
    gpu.groups({ shader: "layer-norm", entry: "forward" }, rows, {
      reads: [x, gamma, beta],
      writes: [y, mean, rstd],
      sizes: [rows, width],
      numbers: [epsilon],
    });
  },
  backward(gpu, { dy, x, gamma, mean, rstd }, { dx, dgamma, dbeta }) {
    const { rows, width } = rowsOf(x);
    if (dx) {
      const dispatch = { reads: [x, gamma, mean, rstd, dy], writes: [dx], sizes: [rows, width] };
      gpu.groups({ shader: "layer-norm", entry: "backward" }, rows, dispatch);
    }
    if (dgamma) {
      sumColumns(gpu, { shader: "layer-norm-gamma" }, { reads: [x, mean, rstd, dy], rows, width, to: dgamma });
    }
    addRows(gpu, dy, rows, width, dbeta);
  },
});
