import { smoothL1Op } from "../../../ops/smooth-l1.ts";
import { implement } from "../implement.ts";
import { sumAll } from "./sums.ts";

export const smoothL1Kernels = implement(smoothL1Op, {
  forward(engine, { x, target }) {
    const { tf } = engine;
    const distance = tf.abs(tf.sub(x, target));
    const terms = tf.where(tf.less(distance, 1), tf.mul(tf.square(distance), 0.5), tf.sub(distance, 0.5));
    return { loss: tf.div(sumAll(engine, terms), x.size) };
  },
  backward({ tf }, { dloss, x, target }, { dx, dtarget }) {
    const clamped = tf.clipByValue(tf.sub(x, target), -1, 1);
    const slope = tf.div(dloss, x.size);
    return { dx: dx && tf.mul(clamped, slope), dtarget: dtarget && tf.mul(clamped, tf.mul(slope, -1)) };
  },
});
