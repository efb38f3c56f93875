import { reluOp } from "../../../ops/relu.ts";
import { implement } from "../implement.ts";

export const reluKernels = implement(reluOp, {
  forward: ({ tf }, { x }) => ({ y: tf.relu(x) }),
  backward: ({ tf }, { dy, y }) => ({ dx: tf.where(tf.lessEqual(y, 0), 0, dy) }),
});
