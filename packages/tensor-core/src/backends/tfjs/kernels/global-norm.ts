import { globalNormOp } from "../../../ops/global-norm.ts";
import { implement } from "../implement.ts";
import { sumAll } from "./sums.ts";

export const globalNormKernels = implement(globalNormOp, {
  // In units of the largest value, whose square alone may leave float32. No addN over the list: tfjs-webgpu gives zeros for
  // more inputs than a shader has bindings.
  forward(engine, { tensors }) {
    const { tf } = engine;
    const largest = tf.max(tf.stack(tensors.map((x) => tf.max(tf.abs(x)))));
    const unit = tf.clipByValue(largest, 1e-30, 3e38);
    const squares = tensors.map((x) => sumAll(engine, tf.square(tf.div(x, unit))));
    return { norm: tf.mul(tf.sqrt(sumAll(engine, tf.stack(squares))), unit) };
  },
});
