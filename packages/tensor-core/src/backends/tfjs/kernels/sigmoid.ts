import { sigmoidOp } from "../../../ops/sigmoid.ts";
import { implement } from "../implement.ts";

export const sigmoidKernels = implement(sigmoidOp, {
  forward: ({ tf }, { x }) => ({ y: tf.sigmoid(x) }),
  backward: ({ tf }, { dy, y }) => ({ dx: tf.mul(dy, tf.mul(y, tf.sub(1, y))) }),
});
