import { reluOp } from "../../../ops/relu.ts";
import { implement } from "../context.ts";
import { ELEMENTS } from "./chunks.ts";

export const reluKernels = implement(reluOp, {
  forward(simd, { x }, { y }) {
    simd.parallel("reluForward", x.size, ELEMENTS, ...[x, y].map(simd.pointer));
  },
  backward(simd, { dy, y }, { dx }) {
    simd.parallel("reluBackward", y.size, ELEMENTS, ...[dy, y, dx].map(simd.pointer));
  },
});
