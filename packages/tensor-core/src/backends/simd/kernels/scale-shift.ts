import { scaleShiftOp } from "../../../ops/scale-shift.ts";
import { implement } from "../context.ts";
import { ELEMENTS } from "./chunks.ts";

export const scaleShiftKernels = implement(scaleShiftOp, {
  forward(simd, { x }, { y }, { scale, shift, min, max }) {
    simd.parallel("scaleShiftForward", x.size, ELEMENTS, ...simd.pointers(x, y), scale, shift, min, max);
  },
  backward(simd, { dy, x }, { dx }, { scale, shift, min, max }) {
    simd.parallel("scaleShiftBackward", x.size, ELEMENTS, ...simd.pointers(dy, x, dx), scale, shift, min, max);
  },
});
