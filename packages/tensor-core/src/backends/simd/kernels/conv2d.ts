import { convGeometry } from "../../../ops/conv2d-taps.ts";
import { conv2dOp } from "../../../ops/conv2d.ts";
import { implement } from "../context.ts";
import { convolve, convolveTransposed, filterGradient } from "./convolve.ts";
import { columnSums } from "./gemm.ts";

export const conv2dKernels = implement(conv2dOp, {
  forward(simd, { x, filter, bias }, { y }, options) {
    const geometry = convGeometry(x.shape, filter.shape, y.shape, options);
    convolve(simd, geometry, simd.pointer(x), simd.pointer(filter), simd.pointer(bias), simd.pointer(y));
  },
  backward(simd, { dy, x, filter }, { dx, dfilter, dbias }, options) {
    const geometry = convGeometry(x.shape, filter.shape, dy.shape, options);
    const gradient = simd.pointer(dy);
    if (dx) convolveTransposed(simd, geometry, gradient, simd.pointer(filter), 0, simd.pointer(dx));
    if (dfilter) filterGradient(simd, geometry, simd.pointer(x), gradient, simd.pointer(dfilter));
    if (dbias) columnSums(simd, gradient, simd.pointer(dbias), dy.size / dbias.size, dbias.size);
  },
});
