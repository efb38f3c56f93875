import { klOfMeanToUniformOp } from "../../../ops/kl-of-mean-to-uniform.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";
import { asRows } from "./shapes.ts";
import { softmaxGradient } from "./softmax.ts";
import { sumAll, sumRows } from "./sums.ts";

export const klOfMeanToUniformKernels = implement(klOfMeanToUniformOp, {
  forward(engine, { logits }) {
    const { tf } = engine;
    const probabilities = tf.softmax(asRows(engine, logits));
    const [rows, width] = probabilities.shape;
    const mean = tf.div(sumRows(engine, probabilities), rows);
    return { y: sumAll(engine, tf.mul(mean, logOf(engine, tf.mul(mean, width)))), mean };
  },
  backward(engine, { dy, logits, mean }) {
    const { tf } = engine;
    const probabilities = tf.softmax(asRows(engine, logits));
    const slope = softmaxGradient(engine, probabilities, logOf(engine, mean));
    return { dlogits: tf.mul(slope, tf.div(dy, probabilities.shape[0])) };
  },
});

// What no row chooses has weight 0 in every sum.
function logOf({ tf }: Engine, share: TfTensor): TfTensor {
  return tf.where(tf.greater(share, 0), tf.log(share), 0);
}
