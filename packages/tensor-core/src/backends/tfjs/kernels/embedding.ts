import { embeddingOp } from "../../../ops/embedding.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";
import { addRowsAt } from "./scatter.ts";

export const embeddingKernels = implement(embeddingOp, {
  forward(engine, { table, ids }) {
    const { tf } = engine;
    const { inside, safe } = check(engine, ids, table.shape[0]);
    return { y: tf.where(inside, tf.gather(table, safe), NaN) };
  },
  backward(engine, { dy, ids }, { dtable }) {
    if (!dtable) return {};
    const [rows, width] = dtable.shape;
    const { inside, safe } = check(engine, ids, rows);
    const known = engine.tf.where(inside, engine.tf.reshape(dy, [-1, width]), 0);
    return { dtable: addRowsAt(engine, known, safe, rows) };
  },
});

// Which ids are rows, [M, 1], and the ids with 0 in place of those that are not, [M].
function check({ tf }: Engine, ids: TfTensor, rows: number): { readonly inside: TfTensor; readonly safe: TfTensor } {
  const flat = tf.reshape(ids, [ids.size]);
  const zero = tf.scalar(0, "int32");
  const inside = tf.logicalAnd(tf.greaterEqual(flat, zero), tf.less(flat, tf.scalar(rows, "int32")));
  return { inside: tf.reshape(inside, [ids.size, 1]), safe: tf.where(inside, flat, zero) };
}
