import { layerNormOp } from "../../../ops/layer-norm.ts";
import { implement } from "../implement.ts";
import { asRows } from "./shapes.ts";
import { sumRow, sumRows } from "./sums.ts";

export const layerNormKernels = implement(layerNormOp, {
  forward(engine, { x, gamma, beta }, _, { epsilon }) {
    const { tf } = engine;
    const width = gamma.size;
    const rows = asRows(engine, x);
    // Around each row's first value, so that the mean of one repeated value is that value.
    const first = tf.slice(rows, [0, 0], [rows.shape[0], 1]);
    const mean = tf.add(first, tf.div(sumRow(engine, tf.sub(rows, first)), width));
    const centered = tf.sub(rows, mean);
    const variance = tf.div(sumRow(engine, tf.square(centered)), width);
    const rstd = tf.div(1, tf.sqrt(tf.add(variance, epsilon)));
    return { y: tf.add(tf.mul(tf.mul(centered, rstd), gamma), beta), mean, rstd };
  },
  // With h = (x - mean) * rstd and g = dy * gamma: dx = rstd * (g - average(g) - h * average(g * h)).
  backward(engine, { dy, x, gamma, mean, rstd }, { dx, dgamma, dbeta }) {
    const { tf } = engine;
    const width = gamma.size;
    const [rows, slopes] = [asRows(engine, x), asRows(engine, dy)];
    const scale = tf.reshape(rstd, [-1, 1]);
    const normalized = tf.mul(tf.sub(rows, tf.reshape(mean, [-1, 1])), scale);
    const g = tf.mul(slopes, gamma);
    const average = tf.div(sumRow(engine, g), width);
    const averageNormalized = tf.div(sumRow(engine, tf.mul(g, normalized)), width);
    return {
      dx: dx && tf.mul(tf.sub(tf.sub(g, average), tf.mul(normalized, averageNormalized)), scale),
      dgamma: dgamma && sumRows(engine, tf.mul(slopes, normalized)),
      dbeta: dbeta && sumRows(engine, slopes),
    };
  },
});
