import { convGeometry } from "../../../ops/conv2d-taps.ts";
import { conv2dOp } from "../../../ops/conv2d.ts";
import { implement } from "../context.ts";
import { convolve, convolvePrepared, convolveTransposed, filterGradient } from "./convolve.ts";
import { columnSums } from "./gemm.ts";

export const conv2dKernels = implement(conv2dOp, {
  forward(simd, { x, filter, bias }, { y }, options) {
    const geometry = convGeometry(x.shape, filter.shape, y.shape, options);
    const [larger, taps, added, smaller] = simd.pointers(x, filter, bias, y);
    const addresses = { larger, smaller, bias: added };
    // A filter in training changes at every step: its other forms would cost more than they save.
    if (filter.tape) convolve(simd, geometry, { ...addresses, filter: taps });
    else convolvePrepared(simd, geometry, filter, addresses);
  },
  backward(simd, { dy, x, filter }, { dx, dfilter, dbias }, options) {
    const geometry = convGeometry(x.shape, filter.shape, dy.shape, options);
    const [image, taps, gradient] = simd.pointers(x, filter, dy);
    if (dx) convolveTransposed(simd, geometry, { larger: simd.pointer(dx), filter: taps, smaller: gradient, bias: 0 });
    if (dfilter) filterGradient(simd, geometry, { larger: image, filter: simd.pointer(dfilter), smaller: gradient });
    if (dbias) columnSums(simd, gradient, simd.pointer(dbias), dy.size / dbias.size, dbias.size);
  },
});
