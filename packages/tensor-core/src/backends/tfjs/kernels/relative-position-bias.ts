import { relativePositionBiasOp } from "../../../ops/relative-position-bias.ts";
import { implement } from "../implement.ts";
import { addRowsAt } from "./scatter.ts";

export const relativePositionBiasKernels = implement(relativePositionBiasOp, {
  forward: ({ tf }, { table, index }) => ({ y: tf.transpose(tf.gather(table, tf.reshape(index, [index.size]))) }),
  backward(engine, { dy, index }, { dtable }) {
    if (!dtable) return {};
    const { tf } = engine;
    const [rows, heads] = dtable.shape;
    const byPair = tf.transpose(tf.reshape(dy, [heads, index.size])); // [N·N, H]
    return { dtable: addRowsAt(engine, byPair, index, rows) };
  },
});
