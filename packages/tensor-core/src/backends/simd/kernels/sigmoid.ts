import { sigmoidOp } from "../../../ops/sigmoid.ts";
import { implement } from "../context.ts";
import { ELEMENTS } from "./chunks.ts";

export const sigmoidKernels = implement(sigmoidOp, {
  forward(simd, { x }, { y }) {
    simd.parallel("sigmoidForward", x.size, ELEMENTS / 4, ...simd.pointers(x, y));
  },
  backward(simd, { dy, y }, { dx }) {
    simd.parallel("sigmoidBackward", y.size, ELEMENTS, ...simd.pointers(dy, y, dx));
  },
});
