import { smoothL1Op } from "../../../ops/smooth-l1.ts";
import { implement } from "../context.ts";
import { ELEMENTS, storeChunkedSum } from "./chunks.ts";

export const smoothL1Kernels = implement(smoothL1Op, {
  forward(simd, { x, target }, { loss }) {
    storeChunkedSum(simd, "smoothL1Forward", simd.pointers(x, target), x.size, 1 / x.size, loss);
  },
  backward(simd, { dloss, x, target }, { dx, dtarget }) {
    const at = simd.pointers(dloss, x, target, dx, dtarget);
    simd.parallel("smoothL1Backward", x.size, ELEMENTS, ...at, x.size);
  },
});
