import { argmaxOp } from "../../../ops/argmax.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";
import { asRows } from "./shapes.ts";

export const argmaxKernels = implement(argmaxOp, {
  forward: (engine, { x }) => ({ index: largestAt(engine, asRows(engine, x)) }),
});

/** Column of the largest value of each row, never that of a NaN: tfjs stays at a NaN in front. [R, V] -> int32 [R] */
export function largestAt({ tf }: Engine, x: TfTensor): TfTensor {
  return tf.argMax(tf.where(tf.isNaN(x), -Infinity, x), 1);
}
