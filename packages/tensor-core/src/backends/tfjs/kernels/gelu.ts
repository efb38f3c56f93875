import { geluOp } from "../../../ops/gelu.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";

export const geluKernels = implement(geluOp, {
  forward: (engine, { x }) => ({ y: engine.tf.mul(x, normalCdf(engine, x)) }),
  backward(engine, { dy, x }) {
    const { tf } = engine;
    const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return { dx: tf.mul(dy, tf.add(normalCdf(engine, x), tf.mul(x, density))) };
  },
});

function normalCdf({ tf }: Engine, x: TfTensor): TfTensor {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}
