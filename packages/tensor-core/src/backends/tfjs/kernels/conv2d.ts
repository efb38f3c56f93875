import { conv2dOp } from "../../../ops/conv2d.ts";
import { implement } from "../implement.ts";
import { convolve, convolveTransposed, filterGradient } from "./convolve.ts";
import { asRows } from "./shapes.ts";
import { sumRows } from "./sums.ts";

export const conv2dKernels = implement(conv2dOp, {
  forward(engine, { x, filter, bias }, _, options) {
    const y = convolve(engine, x, filter, options);
    return { y: bias ? engine.tf.add(y, bias) : y };
  },
  backward: (engine, { dy, x, filter }, { dx, dfilter, dbias }, options) => ({
    dx: dx && convolveTransposed(engine, dy, filter, dx.shape, options),
    dfilter: dfilter && filterGradient(engine, x, dy, dfilter.shape, options),
    dbias: dbias && sumRows(engine, asRows(engine, dy)),
  }),
});
