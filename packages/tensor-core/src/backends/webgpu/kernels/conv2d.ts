import { conv2dOp } from "../../../ops/conv2d.ts";
import { implement } from "../context.ts";
import { convGeometry } from "../../../ops/conv2d-taps.ts";
import { convolve, correlate, spreadBack } from "./convolve.ts";
import { addRows } from "./reductions.ts";

export const conv2dKernels = implement(conv2dOp, {
  forward(gpu, { x, filter, bias }, { y }, options) {
    const geometry = convGeometry(x.shape, filter.shape, y.shape, options);
    convolve(gpu, geometry, x, filter, { to: y, bias });
  },
  backward(gpu, { dy, x, filter }, { dx, dfilter, dbias }, options) {
    const geometry = convGeometry(x.shape, filter.shape, dy.shape, options);
    spreadBack(gpu, geometry, dy, filter, { to: dx });
    correlate(gpu, geometry, dy, x, { to: dfilter });
    addRows(gpu, dy, dy.size / geometry.outputs, geometry.outputs, dbias);
  },
});
