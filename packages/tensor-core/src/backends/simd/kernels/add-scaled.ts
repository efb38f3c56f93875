import { addScaledOp } from "../../../ops/add-scaled.ts";
import { implement } from "../context.ts";
import { ELEMENTS } from "./chunks.ts";

export const addScaledKernels = implement(addScaledOp, {
  forward(simd, { x, y }, { z }, { scale }) {
    simd.parallel("addScaledForward", z.size, ELEMENTS, ...[x, y, z].map(simd.pointer), scale);
  },
  backward(simd, { dz }, { dx, dy }, { scale }) {
    simd.parallel("addScaledBackward", dz.size, ELEMENTS, ...[dz, dx, dy].map(simd.pointer), scale);
  },
});
