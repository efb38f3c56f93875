import { scatterTokensOp } from "../../../ops/scatter-tokens.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";
import { addRowsAt } from "./scatter.ts";

export const scatterTokensKernels = implement(scatterTokensOp, {
  forward(engine, { x, fill, index }, { y }) {
    const { tf } = engine;
    const [batch, tokens, width] = x.shape;
    const rows = tf.concat([tf.reshape(x, [batch * tokens, width]), tf.reshape(fill, [1, width])], 0);
    return { y: tf.reshape(tf.gather(rows, rowsOf(engine, index, tokens)), [...y.shape]) };
  },
  // The other token is one more row behind all.
  backward(engine, { dy, index }, { dx, dfill }) {
    const { tf } = engine;
    const [batch, places, width] = dy.shape;
    const rows = tf.reshape(dy, [batch * places, width]);
    if (!dx) {
      const rest = tf.cast(tf.less(tf.reshape(index, [batch * places]), 0), "int32");
      const sums = addRowsAt(engine, rows, rest, 2);
      return { dfill: dfill && tf.reshape(tf.slice(sums, [1, 0], [1, width]), [width]) };
    }
    const count = batch * dx.shape[1];
    const sums = addRowsAt(engine, rows, rowsOf(engine, index, dx.shape[1]), count + 1);
    return {
      dx: tf.reshape(tf.slice(sums, [0, 0], [count, width]), [...dx.shape]),
      dfill: dfill && tf.reshape(tf.slice(sums, [count, 0], [1, width]), [width]),
    };
  },
});

// Numbers of rows in all images' tokens, of the row behind them where the index is -1. int32 [B, T] -> int32 [B T]
function rowsOf({ tf }: Engine, index: TfTensor, tokens: number): TfTensor {
  const [batch, places] = index.shape;
  const first = tf.mul(tf.range(0, batch, 1, "int32"), tf.scalar(tokens, "int32"));
  const numbers = tf.add(index, tf.reshape(first, [batch, 1]));
  const last = tf.scalar(batch * tokens, "int32");
  return tf.reshape(tf.where(tf.less(index, tf.scalar(0, "int32")), last, numbers), [batch * places]);
}
