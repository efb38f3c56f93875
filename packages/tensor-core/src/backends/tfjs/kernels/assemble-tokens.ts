import { assembleTokensOp } from "../../../ops/assemble-tokens.ts";
import { implement } from "../implement.ts";
import { spread } from "./shapes.ts";
import { sumRows } from "./sums.ts";

export const assembleTokensKernels = implement(assembleTokensOp, {
  forward(engine, { patches, classToken, maskToken, mask, position }) {
    const { tf } = engine;
    const [batch, count, width] = patches.shape;
    const hidden = mask && tf.notEqual(tf.reshape(mask, [batch, count, 1]), tf.scalar(0, "int32"));
    const seen = hidden && maskToken ? tf.where(hidden, maskToken, patches) : patches;
    const tokens = tf.concat([spread(engine, classToken, [batch, 1, width]), seen], 1); // [B, N + 1, D]
    return { y: position ? tf.add(tokens, position) : tokens };
  },
  backward(engine, { dy, mask }, { dpatches, dclassToken, dmaskToken, dposition }) {
    const { tf } = engine;
    const [batch, tokens, width] = dy.shape;
    const count = tokens - 1;
    const ofClass = tf.reshape(tf.slice(dy, [0, 0, 0], [batch, 1, width]), [batch, width]);
    const rest = tf.reshape(tf.slice(dy, [0, 1, 0], [batch, count, width]), [batch * count, width]);
    const hidden = mask && tf.notEqual(tf.reshape(mask, [batch * count, 1]), tf.scalar(0, "int32"));
    return {
      dpatches: dpatches && (hidden ? tf.where(hidden, 0, rest) : rest),
      dclassToken: dclassToken && sumRows(engine, ofClass),
      dmaskToken: dmaskToken && hidden && sumRows(engine, tf.where(hidden, rest, 0)),
      dposition: dposition && sumRows(engine, tf.reshape(dy, [batch, tokens * width])),
    };
  },
});
