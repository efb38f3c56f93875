import { meanAbsoluteErrorOp } from "../../../ops/mean-absolute-error.ts";
import { implement } from "../implement.ts";
import { sumAll } from "./sums.ts";

export const meanAbsoluteErrorKernels = implement(meanAbsoluteErrorOp, {
  forward(engine, { x, target }) {
    const { tf } = engine;
    return { loss: tf.div(sumAll(engine, tf.abs(tf.sub(x, target))), x.size) };
  },
  backward({ tf }, { dloss, x, target }, { dx, dtarget }) {
    const signs = tf.sign(tf.sub(x, target));
    const slope = tf.div(dloss, x.size);
    return { dx: dx && tf.mul(signs, slope), dtarget: dtarget && tf.mul(signs, tf.mul(slope, -1)) };
  },
});
