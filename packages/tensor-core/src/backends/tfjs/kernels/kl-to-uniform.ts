import { klToUniformOp } from "../../../ops/kl-to-uniform.ts";
import { implement } from "../implement.ts";
import { asRows } from "./shapes.ts";
import { logSumExp, sumAll, sumRow } from "./sums.ts";

export const klToUniformKernels = implement(klToUniformOp, {
  forward(engine, { logits }) {
    const { tf } = engine;
    const rows = asRows(engine, logits);
    const [count, width] = rows.shape;
    const total = logSumExp(engine, rows);
    const logProbability = tf.sub(rows, total);
    const negativeEntropy = sumRow(engine, tf.mul(tf.exp(logProbability), logProbability));
    const divergence = tf.add(negativeEntropy, Math.log(width));
    return { loss: tf.div(sumAll(engine, divergence), count), logSumExp: total, divergence };
  },
  backward(engine, { dloss, logits, logSumExp: total, divergence }) {
    const { tf } = engine;
    const rows = asRows(engine, logits);
    const [count, width] = rows.shape;
    const logProbability = tf.sub(rows, tf.reshape(total, [count, 1]));
    const negativeEntropy = tf.sub(tf.reshape(divergence, [count, 1]), Math.log(width));
    const slope = tf.mul(tf.exp(logProbability), tf.sub(logProbability, negativeEntropy));
    return { dlogits: tf.mul(slope, tf.div(dloss, count)) };
  },
});
