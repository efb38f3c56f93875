// The transposed convolution is the convolution read backwards: its result is the larger side.
import { convGeometry } from "../../../ops/conv2d-taps.ts";
import { convTranspose2dOp } from "../../../ops/conv-transpose2d.ts";
import { implement } from "../context.ts";
import { convolve, convolveTransposed, filterGradient } from "./convolve.ts";
import { columnSums } from "./gemm.ts";

export const convTranspose2dKernels = implement(convTranspose2dOp, {
  forward(simd, { x, filter, bias }, { y }, options) {
    const geometry = convGeometry(y.shape, filter.shape, x.shape, options);
    convolveTransposed(simd, geometry, simd.pointer(x), simd.pointer(filter), simd.pointer(bias), simd.pointer(y));
  },
  backward(simd, { dy, x, filter }, { dx, dfilter, dbias }, options) {
    const geometry = convGeometry(dy.shape, filter.shape, x.shape, options);
    const gradient = simd.pointer(dy);
    if (dx) convolve(simd, geometry, gradient, simd.pointer(filter), 0, simd.pointer(dx));
    if (dfilter) filterGradient(simd, geometry, gradient, simd.pointer(x), simd.pointer(dfilter));
    if (dbias) columnSums(simd, gradient, simd.pointer(dbias), dy.size / dbias.size, dbias.size);
  },
});
