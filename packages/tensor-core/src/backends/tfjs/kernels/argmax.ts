import { argmaxOp } from "../../../ops/argmax.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";
import { asRows } from "./shapes.ts";

export const argmaxKernels = implement(argmaxOp, {
  forward: (engine, { x }) => ({ index: largestAt(engine, asRows(engine, x)) }),
});

/** Column of the first NaN of each row, else of its largest value: tfjs sees a NaN in front only. [R, V] -> int32 [R] */
export function largestAt({ tf }: Engine, x: TfTensor): TfTensor {
  const isNan = tf.isNaN(x);
  const marks = tf.cast(isNan, "float32");
  const largest = tf.argMax(tf.where(isNan, -Infinity, x), 1);
  return tf.where(tf.greater(tf.max(marks, 1), 0), tf.argMax(marks, 1), largest);
}
