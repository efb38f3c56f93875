import { convTranspose2dOp } from "../../../ops/conv-transpose2d.ts";
import { implement } from "../implement.ts";
import { convolve, convolveTransposed, filterGradient } from "./convolve.ts";
import { asRows } from "./shapes.ts";
import { sumRows } from "./sums.ts";

export const convTranspose2dKernels = implement(convTranspose2dOp, {
  forward(engine, { x, filter, bias }, { y }, options) {
    const grown = convolveTransposed(engine, x, filter, y.shape, options);
    return { y: bias ? engine.tf.add(grown, bias) : grown };
  },
  backward: (engine, { dy, x, filter }, { dx, dfilter, dbias }, options) => ({
    dx: dx && convolve(engine, dy, filter, options),
    dfilter: dfilter && filterGradient(engine, dy, x, dfilter.shape, options),
    dbias: dbias && sumRows(engine, asRows(engine, dy)),
  }),
});
