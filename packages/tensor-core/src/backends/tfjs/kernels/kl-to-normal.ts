import { klToNormalOp } from "../../../ops/kl-to-normal.ts";
import { implement } from "../implement.ts";
import { sumAll } from "./sums.ts";

export const klToNormalKernels = implement(klToNormalOp, {
  forward(engine, { mean, logVariance }) {
    const { tf } = engine;
    const terms = tf.sub(tf.sub(tf.add(tf.square(mean), tf.exp(logVariance)), logVariance), 1);
    return { loss: tf.mul(sumAll(engine, terms), 0.5 / mean.shape[0]) };
  },
  backward({ tf }, { dloss, mean, logVariance }, { dmean, dlogVariance }) {
    const slope = tf.div(dloss, mean.shape[0]);
    return {
      dmean: dmean && tf.mul(mean, slope),
      dlogVariance: dlogVariance && tf.mul(tf.sub(tf.exp(logVariance), 1), tf.mul(slope, 0.5)),
    };
  },
});
