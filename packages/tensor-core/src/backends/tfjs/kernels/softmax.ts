import { softmaxOp } from "../../../ops/softmax.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";
import { asRows } from "./shapes.ts";
import { sumRow } from "./sums.ts";

export const softmaxKernels = implement(softmaxOp, {
  forward: (engine, { x }) => ({ y: engine.tf.softmax(asRows(engine, x)) }),
  backward: (engine, { dy, y }) => ({ dx: softmaxGradient(engine, asRows(engine, y), asRows(engine, dy)) }),
});

/** y (dy - sum(y dy)) of each row. [R, V], [R, V] -> [R, V] */
export function softmaxGradient(engine: Engine, y: TfTensor, dy: TfTensor): TfTensor {
  const { tf } = engine;
  return tf.mul(y, tf.sub(dy, sumRow(engine, tf.mul(y, dy))));
}
