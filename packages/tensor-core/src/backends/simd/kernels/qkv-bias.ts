import { qkvBiasOp } from "../../../ops/qkv-bias.ts";
import { implement } from "../context.ts";

export const qkvBiasKernels = implement(qkvBiasOp, {
  forward(simd, { query, value }, { y }) {
    simd.call("qkvBiasForward", ...simd.pointers(query, value, y), query.size);
  },
  backward(simd, { dy }, { dquery, dvalue }) {
    simd.call("qkvBiasBackward", ...simd.pointers(dy, dquery, dvalue), dy.size / 3);
  },
});
