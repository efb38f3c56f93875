import { addScaledOp } from "../../../ops/add-scaled.ts";
import { implement } from "../context.ts";
import { ELEMENTS } from "./chunks.ts";

export const addScaledKernels = implement(addScaledOp, {
  forward(simd, { x, y }, { z }, { scale }) {
    simd.parallel("addScaledForward", z.size, ELEMENTS, ...simd.pointers(x, y, z), scale);
  },
  backward(simd, { dz }, { dx, dy }, { scale }) {
    simd.parallel("addScaledBackward", dz.size, ELEMENTS, ...simd.pointers(dz, dx, dy), scale);
  },
});
