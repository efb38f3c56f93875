import { addBiasOp } from "../../../ops/add-bias.ts";
import { grainFor, implement } from "../context.ts";

export const addBiasKernels = implement(addBiasOp, {
  forward(simd, { x, bias }, { y }) {
    const width = bias.size;
    simd.parallel(
      "addBias",
      x.size / width,
      grainFor(width),
      simd.pointer(x),
      simd.pointer(bias),
      simd.pointer(y),
      width,
    );
  },
  backward(simd, { dy }, { dx, dbias }) {
    if (dx) simd.parallel("copyFloats", dy.size, 65536, simd.pointer(dy), simd.pointer(dx));
    if (dbias) {
      const width = dbias.size;
      simd.parallel("sumColumns", width, 64, simd.pointer(dy), simd.pointer(dbias), dy.size / width, width);
    }
  },
});
