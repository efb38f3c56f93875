import { softTargetCrossEntropyOp } from "../../../ops/soft-target-cross-entropy.ts";
import { implement } from "../implement.ts";
import { logSumExpParts, savedParts, sumAll, sumRow } from "./sums.ts";

export const softTargetCrossEntropyKernels = implement(softTargetCrossEntropyOp, {
  forward(engine, { logits, targets }) {
    const { tf } = engine;
    const rows = logits.shape[0];
    const { largest, logarithm } = logSumExpParts(engine, logits); // [M, 1]
    // Everything relative to the largest logit: a common offset costs no digits.
    const losses = sumRow(engine, tf.mul(targets, tf.sub(logarithm, tf.sub(logits, largest))));
    return {
      loss: tf.div(sumAll(engine, losses), rows),
      logSumExp: tf.concat([largest, logarithm], 1),
      mass: sumRow(engine, targets),
      losses,
    };
  },
  backward(engine, { dloss, logits, targets, logSumExp, mass }, { dlogits, dtargets }) {
    const { tf } = engine;
    const rows = logits.shape[0];
    const { largest, logarithm } = savedParts(engine, logSumExp);
    const logProbabilities = tf.sub(tf.sub(logits, largest), logarithm);
    const scale = tf.div(dloss, rows);
    const expected = tf.mul(tf.exp(logProbabilities), tf.reshape(mass, [rows, 1]));
    return {
      dlogits: dlogits && tf.mul(tf.sub(expected, targets), scale),
      dtargets: dtargets && tf.mul(logProbabilities, tf.mul(scale, -1)),
    };
  },
});
