// Sums over many values. tfjs-wasm adds one after the other in float32: a million times 0.1 comes out 1 % too large. Sums of
// blocks, then the sums' sum, lose nothing that matters. The other backends add in trees or in doubles by themselves.
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
  const [, width] = x.shape;
  return device === "wasm" ? tf.reshape(sumRow(engine, tf.transpose(x)), [width]) : tf.sum(x, 0);
}

/** All values, whatever their shape. -> [] */
export function sumAll(engine: Engine, x: TfTensor): TfTensor {
  return engine.tf.reshape(sumRow(engine, engine.tf.reshape(x, [1, x.size])), []);
}

/** ln sum exp over the last axis. [R, V] -> [R, 1] */
export function logSumExp(engine: Engine, x: TfTensor): TfTensor {
  const { tf } = engine;
  const largest = tf.max(x, 1, true);
  return tf.add(tf.log(sumRow(engine, tf.exp(tf.sub(x, largest)))), largest);
}
