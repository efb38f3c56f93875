import type { Shape } from "../../../tensor.ts";
import type { Engine, TfTensor } from "../engine.ts";

/** The last axis as columns, everything before it as rows. [..., D] -> [R, D] */
export function asRows({ tf }: Engine, x: TfTensor): TfTensor {
  const width = x.shape[x.shape.length - 1];
  return tf.reshape(x, [width === 0 ? 0 : x.size / width, width]);
}

/** Repeats along axes of length 1. */
export function spread({ tf }: Engine, x: TfTensor, shape: Shape): TfTensor {
  return tf.add(tf.zeros([...shape]), x);
}
