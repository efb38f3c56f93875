import { meanTokensOp } from "../../../ops/mean-tokens.ts";
import { implement } from "../implement.ts";
import { spread } from "./shapes.ts";

export const meanTokensKernels = implement(meanTokensOp, {
  forward({ tf }, { x }, _, { start }) {
    const [batch, tokens, width] = x.shape;
    const counted = tf.slice(x, [0, start, 0], [batch, tokens - start, width]);
    return { y: tf.div(tf.sum(counted, 1), tokens - start) };
  },
  backward(engine, { dy }, { dx }, { start }) {
    if (!dx) return {};
    const { tf } = engine;
    const [batch, tokens, width] = dx.shape;
    const share = tf.div(tf.reshape(dy, [batch, 1, width]), tokens - start);
    return {
      dx: tf.pad(spread(engine, share, [batch, tokens - start, width]), [
        [0, 0],
        [start, 0],
        [0, 0],
      ]),
    };
  },
});
