// Pooling by comparing the places of a window one after the other. tfjs keeps no place of a maximum, and its gradient is
// wrong on wasm: windows whose maximum is 0 or less get none.
import { maxPool2dOp } from "../../../ops/max-pool2d.ts";
import type { TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";

export const maxPool2dKernels = implement(maxPool2dOp, {
  forward({ tf }, { x }, { y }, { size }) {
    const [batch, rows, columns, channels] = y.shape;
    const bands = tf.reshape(x, [batch * rows, size, columns, size * channels]);
    const at = (k: number): TfTensor =>
      tf.slice(bands, [0, Math.floor(k / size), 0, (k % size) * channels], [batch * rows, 1, columns, channels]);
    let best = at(0);
    let place: TfTensor = tf.zeros(best.shape, "int32");
    for (let k = 1; k < size * size; k++) {
      const next = at(k);
      const wins = tf.logicalOr(tf.greater(next, best), tf.isNaN(next));
      best = tf.where(wins, next, best);
      place = tf.where(wins, tf.scalar(k, "int32"), place);
    }
    return { y: best, place };
  },
  backward({ tf }, { dy, place }, _, { size }) {
    const [batch, rows, columns, channels] = dy.shape;
    const flat = (x: TfTensor): TfTensor => tf.reshape(x, [batch * rows, 1, columns, channels]);
    const [slopes, places] = [flat(dy), flat(place)];
    const at = (k: number): TfTensor => tf.where(tf.equal(places, tf.scalar(k, "int32")), slopes, 0);
    const band = (row: number): TfTensor =>
      tf.concat(
        Array.from({ length: size }, (_, i) => at(row * size + i)),
        3,
      );
    return {
      dx: tf.concat(
        Array.from({ length: size }, (_, row) => band(row)),
        1,
      ),
    };
  },
});
