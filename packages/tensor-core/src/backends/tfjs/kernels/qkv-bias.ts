import { qkvBiasOp } from "../../../ops/qkv-bias.ts";
import { implement } from "../implement.ts";

export const qkvBiasKernels = implement(qkvBiasOp, {
  forward: ({ tf }, { query, value }) => ({ y: tf.concat([query, tf.zeros(query.shape), value]) }),
  backward({ tf }, { dy }, { dquery, dvalue }) {
    const width = dy.size / 3;
    return {
      dquery: dquery && tf.slice(dy, [0], [width]),
      dvalue: dvalue && tf.slice(dy, [2 * width], [width]),
    };
  },
});
