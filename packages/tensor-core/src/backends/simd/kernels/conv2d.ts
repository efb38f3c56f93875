import { convGeometry } from "../../../ops/conv2d-taps.ts";
import { conv2dOp } from "../../../ops/conv2d.ts";
import { implement } from "../context.ts";
import { convolve, convolveTransposed, filterGradient } from "./convolve.ts";
import { columnSums } from "./gemm.ts";

export const conv2dKernels = implement(conv2dOp, {
  forward(simd, { x, filter, bias }, { y }, options) {
    const geometry = convGeometry(x.shape, filter.shape, y.shape, options);
    const [larger, taps, added, smaller] = [x, filter, bias, y].map(simd.pointer);
    convolve(simd, geometry, { larger, filter: taps, smaller, bias: added });
  },
  backward(simd, { dy, x, filter }, { dx, dfilter, dbias }, options) {
    const geometry = convGeometry(x.shape, filter.shape, dy.shape, options);
    const [image, taps, gradient] = [x, filter, dy].map(simd.pointer);
    if (dx) convolveTransposed(simd, geometry, { larger: simd.pointer(dx), filter: taps, smaller: gradient, bias: 0 });
    if (dfilter) filterGradient(simd, geometry, { larger: image, filter: simd.pointer(dfilter), smaller: gradient });
    if (dbias) columnSums(simd, gradient, simd.pointer(dbias), dy.size / dbias.size, dbias.size);
  },
});
