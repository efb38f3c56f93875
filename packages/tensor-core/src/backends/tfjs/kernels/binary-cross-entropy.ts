import { binaryCrossEntropyOp } from "../../../ops/binary-cross-entropy.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";
import { sumAll } from "./sums.ts";

export const binaryCrossEntropyKernels = implement(binaryCrossEntropyOp, {
  forward(engine, { logits, targets, weights }) {
    const terms = lossOf(engine, logits, targets);
    const weighted = weights ? engine.tf.mul(terms, weights) : terms;
    return { loss: engine.tf.div(sumAll(engine, weighted), logits.size) };
  },
  backward(engine, { dloss, logits, targets, weights }, { dlogits, dtargets, dweights }) {
    const { tf } = engine;
    const scale = tf.div(dloss, logits.size);
    const slope = weights ? tf.mul(weights, scale) : scale;
    return {
      dlogits: dlogits && tf.mul(tf.sub(tf.sigmoid(logits), targets), slope),
      dtargets: dtargets && tf.mul(logits, tf.mul(slope, -1)),
      dweights: dweights && tf.mul(lossOf(engine, logits, targets), scale),
    };
  },
});

// ln(1 + z) loses the digits of a small z: there it is z - z^2 / 2, whose next term is none in float32.
function lossOf({ tf }: Engine, logits: TfTensor, targets: TfTensor): TfTensor {
  const z = tf.exp(tf.mul(tf.abs(logits), -1));
  const series = tf.sub(z, tf.mul(tf.square(z), 0.5));
  const rest = tf.where(tf.less(z, 1e-3), series, tf.log(tf.add(z, 1)));
  return tf.add(tf.sub(tf.relu(logits), tf.mul(logits, targets)), rest);
}
