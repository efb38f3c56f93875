import { meanSquaredErrorOp } from "../../../ops/mean-squared-error.ts";
import { implement } from "../implement.ts";
import { sumAll } from "./sums.ts";

export const meanSquaredErrorKernels = implement(meanSquaredErrorOp, {
  forward: (engine, { x, target }) => ({
    loss: engine.tf.div(sumAll(engine, engine.tf.square(engine.tf.sub(x, target))), x.size),
  }),
  backward({ tf }, { dloss, x, target }, { dx, dtarget }) {
    const slope = tf.mul(dloss, 2 / x.size);
    return {
      dx: dx && tf.mul(tf.sub(x, target), slope),
      dtarget: dtarget && tf.mul(tf.sub(target, x), slope),
    };
  },
});
