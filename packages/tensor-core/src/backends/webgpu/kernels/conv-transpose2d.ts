import { convTranspose2dOp } from "../../../ops/conv-transpose2d.ts";
import { implement } from "../context.ts";
import { convGeometry } from "../../../ops/conv2d-taps.ts";
import { convolve, correlate, spreadBack } from "./convolve.ts";
import { addRows } from "./reductions.ts";

export const convTranspose2dKernels = implement(convTranspose2dOp, {
  // Its result is the image, its input the positions.
  forward(gpu, { x, filter, bias }, { y }, options) {
    const geometry = convGeometry(y.shape, filter.shape, x.shape, options);
    spreadBack(gpu, geometry, x, filter, { to: y, bias });
  },
  backward(gpu, { dy, x, filter }, { dx, dfilter, dbias }, options) {
    const geometry = convGeometry(dy.shape, filter.shape, x.shape, options);
    convolve(gpu, geometry, dy, filter, { to: dx });
    correlate(gpu, geometry, x, dy, { to: dfilter });
    addRows(gpu, dy, dy.size / geometry.channels, geometry.channels, dbias);
  },
});
