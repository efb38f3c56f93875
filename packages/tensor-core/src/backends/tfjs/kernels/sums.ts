// Sums over many values. tfjs-wasm adds one after the other in float32: a million times 0.1 comes out 1 % too large, and
// TensorFlow does so down columns on the processor. Sums of blocks, then the sums' sum, lose nothing that matters. Elsewhere
// sums are added in trees or in doubles.
import type { Engine, TfTensor } from "../engine.ts";

const BLOCK = 128;

/** [R, V] -> [R, 1] */
export function sumRow(engine: Engine, x: TfTensor): TfTensor {
  const { tf, device } = engine;
  const [rows, width] = x.shape;
  if (device !== "wasm" || width <= BLOCK) return tf.sum(x, 1, true);
  const whole = Math.floor(width / BLOCK);
  const blocks = tf.reshape(tf.slice(x, [0, 0], [rows, whole * BLOCK]), [rows * whole, BLOCK]);
  const sum = sumRow(engine, tf.reshape(tf.sum(blocks, 1), [rows, whole]));
  const rest = width - whole * BLOCK;
  return rest === 0 ? sum : tf.add(sum, tf.sum(tf.slice(x, [0, whole * BLOCK], [rows, rest]), 1, true));
}

/** [R, D] -> [D] */
export function sumRows(engine: Engine, x: TfTensor): TfTensor {
  const { tf, device } = engine;
  const [rows, width] = x.shape;
  if (device === "wasm") return tf.reshape(sumRow(engine, tf.transpose(x)), [width]);
  if (device !== "tensorflow" || rows <= BLOCK) return tf.sum(x, 0);
  const whole = Math.floor(rows / BLOCK);
  const blocks = tf.reshape(tf.slice(x, [0, 0], [whole * BLOCK, width]), [whole, BLOCK, width]);
  const sum = sumRows(engine, tf.sum(blocks, 1));
  const rest = rows - whole * BLOCK;
  return rest === 0 ? sum : tf.add(sum, tf.sum(tf.slice(x, [whole * BLOCK, 0], [rest, width]), 0));
}

/** All values, whatever their shape. -> [] */
export function sumAll(engine: Engine, x: TfTensor): TfTensor {
  return engine.tf.reshape(sumRow(engine, engine.tf.reshape(x, [1, x.size])), []);
}

/** ln sum exp over the last axis. [R, V] -> [R, 1] */
export function logSumExp(engine: Engine, x: TfTensor): TfTensor {
  const { largest, logarithm } = logSumExpParts(engine, x);
  return engine.tf.add(logarithm, largest);
}

/** The same in two parts that keep their digits, the largest value and ln sum exp of what is left. [R, V] -> two of [R, 1] */
export function logSumExpParts(
  engine: Engine,
  x: TfTensor,
): { readonly largest: TfTensor; readonly logarithm: TfTensor } {
  const { tf } = engine;
  const largest = tf.max(x, 1, true);
  return { largest, logarithm: tf.log(sumRow(engine, tf.exp(tf.sub(x, largest)))) };
}

/** The parts of a saved logSumExp. [..., 2] -> two of [R, 1] */
export function savedParts({ tf }: Engine, saved: TfTensor): { largest: TfTensor; logarithm: TfTensor } {
  const rows = saved.size / 2;
  const pairs = tf.reshape(saved, [rows, 2]);
  return { largest: tf.slice(pairs, [0, 0], [rows, 1]), logarithm: tf.slice(pairs, [0, 1], [rows, 1]) };
}
