// The transposed convolution is the convolution read backwards: its result is the larger side.
import { convGeometry } from "../../../ops/conv2d-taps.ts";
import { convTranspose2dOp } from "../../../ops/conv-transpose2d.ts";
import { implement } from "../context.ts";
import { convolve, convolveTransposed, filterGradient } from "./convolve.ts";
import { columnSums } from "./gemm.ts";

export const convTranspose2dKernels = implement(convTranspose2dOp, {
  forward(simd, { x, filter, bias }, { y }, options) {
    const geometry = convGeometry(y.shape, filter.shape, x.shape, options);
    const [smaller, taps, added, larger] = simd.pointers(x, filter, bias, y);
    convolveTransposed(simd, geometry, { larger, filter: taps, smaller, bias: added });
  },
  backward(simd, { dy, x, filter }, { dx, dfilter, dbias }, options) {
    const geometry = convGeometry(dy.shape, filter.shape, x.shape, options);
    const [image, taps, gradient] = simd.pointers(x, filter, dy);
    if (dx) convolve(simd, geometry, { larger: gradient, filter: taps, smaller: simd.pointer(dx), bias: 0 });
    if (dfilter) filterGradient(simd, geometry, { larger: gradient, filter: simd.pointer(dfilter), smaller: image });
    if (dbias) columnSums(simd, gradient, simd.pointer(dbias), dy.size / dbias.size, dbias.size);
  },
});
