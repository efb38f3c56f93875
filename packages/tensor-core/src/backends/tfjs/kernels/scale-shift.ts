import { scaleShiftOp } from "../../../ops/scale-shift.ts";
import { implement } from "../implement.ts";

export const scaleShiftKernels = implement(scaleShiftOp, {
  // By comparisons, which leave NaN as it is; clipByValue need not.
  forward({ tf }, { x }, _, { scale, shift, min, max }) {
    let y = tf.add(tf.mul(x, scale), shift);
    if (min > -Infinity) y = tf.where(tf.less(y, min), min, y);
    if (max < Infinity) y = tf.where(tf.greater(y, max), max, y);
    return { y };
  },
  backward({ tf }, { dy, x }, _, { scale, shift, min, max }) {
    const mapped = tf.add(tf.mul(x, scale), shift);
    let dx = tf.mul(dy, scale);
    if (min > -Infinity) dx = tf.where(tf.less(mapped, min), 0, dx);
    if (max < Infinity) dx = tf.where(tf.greater(mapped, max), 0, dx);
    return { dx };
  },
});
