import { qkvBiasOp } from "../../../ops/qkv-bias.ts";
import { implement } from "../context.ts";

export const qkvBiasKernels = implement(qkvBiasOp, {
  forward(simd, { query, value }, { y }) {
    simd.call("qkvBiasForward", ...[query, value, y].map(simd.pointer), query.size);
  },
  backward(simd, { dy }, { dquery, dvalue }) {
    simd.call("qkvBiasBackward", ...[dy, dquery, dvalue].map(simd.pointer), dy.size / 3);
  },
});
