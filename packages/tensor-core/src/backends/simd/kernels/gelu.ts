import { geluOp } from "../../../ops/gelu.ts";
import { grainFor, implement } from "../context.ts";

// About ten vector operations an element.
const grain = grainFor(1, { work: 8192, multiple: 4 });

export const geluKernels = implement(geluOp, {
  forward(simd, { x }, { y }) {
    simd.parallel("geluForward", x.size, grain, simd.pointer(x), simd.pointer(y));
  },
  backward(simd, { dy, x }, { dx }) {
    simd.parallel("geluBackward", x.size, grain, ...simd.pointers(dy, x, dx));
  },
});
