import { layerNormOp } from "../../../ops/layer-norm.ts";
import { implement } from "../context.ts";
import { addRows, sumColumns } from "./reductions.ts";
import { eachRow, rowsOf } from "./rows.ts";

export const layerNormKernels = implement(layerNormOp, {
  forward(gpu, { x, gamma, beta }, { y, mean, rstd }, { epsilon }) {
    const matrix = rowsOf(x);
    const halves = matrix.width % 4 === 0 ? gpu.halvesOf(y) : undefined;
    eachRow(gpu, { shader: "layer-norm", entry: "forward", constants: { Y_HALF: !!halves } }, matrix, {
      reads: [x, gamma, beta],
      writes: [halves ?? y, mean, rstd],
      numbers: [epsilon],
    });
  },
  backward(gpu, { dy, x, gamma, mean, rstd }, { dx, dgamma, dbeta }) {
    const { rows, width } = rowsOf(x);
    if (dx) {
      const dispatch = { reads: [x, gamma, mean, rstd, dy], writes: [dx] };
      eachRow(gpu, { shader: "layer-norm", entry: "backward" }, { rows, width }, dispatch);
    }
    if (dgamma) {
      sumColumns(gpu, { shader: "layer-norm-gamma" }, { reads: [x, mean, rstd, dy], rows, width, to: dgamma });
    }
    addRows(gpu, dy, rows, width, dbeta);
  },
});
