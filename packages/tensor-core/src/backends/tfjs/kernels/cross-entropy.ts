import { crossEntropyOp } from "../../../ops/cross-entropy.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";
import { logSumExpParts, savedParts, sumAll, sumRow } from "./sums.ts";

export const crossEntropyKernels = implement(crossEntropyOp, {
  forward(engine, { logits, targets }, _, { labelSmoothing }) {
    const { tf } = engine;
    const [rows, width] = logits.shape;
    const { largest, logarithm } = logSumExpParts(engine, logits); // [M, 1]
    // Everything relative to the largest logit: a common offset costs no digits.
    const relative = tf.sub(logits, largest);
    const chosen = sumRow(engine, tf.where(isTarget(engine, targets, width), relative, 0));
    const uniform = tf.mul(sumRow(engine, relative), labelSmoothing / width);
    const losses = tf.sub(tf.sub(logarithm, tf.mul(chosen, 1 - labelSmoothing)), uniform);
    return {
      loss: tf.div(sumAll(engine, tf.where(isInside(engine, targets, width), losses, NaN)), rows),
      logSumExp: tf.concat([largest, logarithm], 1),
    };
  },
  backward(engine, { dloss, logits, targets, logSumExp }, _, { labelSmoothing }) {
    const { tf } = engine;
    const [rows, width] = logits.shape;
    const { largest, logarithm } = savedParts(engine, logSumExp);
    const probabilities = tf.exp(tf.sub(tf.sub(logits, largest), logarithm));
    const hit = tf.mul(tf.cast(isTarget(engine, targets, width), "float32"), 1 - labelSmoothing);
    const slope = tf.where(isInside(engine, targets, width), tf.div(dloss, rows), NaN);
    return { dlogits: tf.mul(tf.sub(tf.sub(probabilities, hit), labelSmoothing / width), slope) };
  },
});

// bool [M, V]
function isTarget({ tf }: Engine, targets: TfTensor, width: number): TfTensor {
  return tf.equal(tf.reshape(targets, [-1, 1]), tf.range(0, width, 1, "int32"));
}

// bool [M, 1]
function isInside({ tf }: Engine, targets: TfTensor, width: number): TfTensor {
  const column = tf.reshape(targets, [-1, 1]);
  const [low, high] = [tf.scalar(0, "int32"), tf.scalar(width, "int32")];
  return tf.logicalAnd(tf.greaterEqual(column, low), tf.less(column, high));
}
