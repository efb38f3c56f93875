import { reluOp } from "../../../ops/relu.ts";
import { implement } from "../context.ts";
import { ELEMENTS } from "./chunks.ts";

export const reluKernels = implement(reluOp, {
  forward(simd, { x }, { y }) {
    simd.parallel("reluForward", x.size, ELEMENTS, ...simd.pointers(x, y));
  },
  backward(simd, { dy, y }, { dx }) {
    simd.parallel("reluBackward", y.size, ELEMENTS, ...simd.pointers(dy, y, dx));
  },
});
