import { gumbelSoftmaxOp } from "../../../ops/gumbel-softmax.ts";
import { implement } from "../implement.ts";
import { asRows } from "./shapes.ts";
import { softmaxGradient } from "./softmax.ts";

export const gumbelSoftmaxKernels = implement(gumbelSoftmaxOp, {
  forward(engine, { logits, noise }, _, { temperature, hard }) {
    const { tf } = engine;
    const scores = tf.mul(tf.add(asRows(engine, logits), asRows(engine, noise)), 1 / temperature);
    const soft = tf.softmax(scores);
    if (!hard) return { y: soft, soft: tf.zeros([0]) };
    const [rows, width] = scores.shape;
    const best = tf.reshape(tf.argMax(scores, 1), [rows, 1]);
    return { y: tf.cast(tf.equal(best, tf.range(0, width, 1, "int32")), "float32"), soft };
  },
  backward(engine, { dy, y, soft }, { dlogits, dnoise }, { temperature, hard }) {
    const slope = softmaxGradient(engine, asRows(engine, hard ? soft : y), asRows(engine, dy));
    const scaled = engine.tf.mul(slope, 1 / temperature);
    return { dlogits: dlogits && scaled, dnoise: dnoise && scaled };
  },
});
