// The gradient of a lookup: rows added at their numbers. tfjs-wasm has no UnsortedSegmentSum; ScatterNd adds repeated rows
// on every backend.
import type { Engine, TfTensor } from "../engine.ts";

/** out[index[m]] += rows[m]. [M, D], int32 [M] -> [count, D] */
export function addRowsAt({ tf }: Engine, rows: TfTensor, index: TfTensor, count: number): TfTensor {
  const [many, width] = rows.shape;
  if (many === 0) return tf.zeros([count, width]);
  return tf.scatterND(tf.reshape(index, [many, 1]), rows, [count, width]);
}
