import { logitLaplaceOp } from "../../../ops/logit-laplace.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";
import { asRows } from "./shapes.ts";
import { sumAll } from "./sums.ts";

export const logitLaplaceKernels = implement(logitLaplaceOp, {
  forward(engine, { parameters, target }) {
    const { tf } = engine;
    const { pixels, logScale, distance } = split(engine, parameters, target);
    const jacobian = tf.log(tf.mul(tf.mul(pixels, tf.sub(1, pixels)), 2));
    const terms = tf.add(tf.add(tf.mul(tf.abs(distance), tf.exp(tf.mul(logScale, -1))), logScale), jacobian);
    return { loss: tf.div(sumAll(engine, terms), target.size) };
  },
  backward(engine, { dloss, parameters, target }, { dparameters, dtarget }) {
    const { tf } = engine;
    const { pixels, logScale, distance } = split(engine, parameters, target);
    const scale = tf.div(dloss, target.size);
    const precision = tf.exp(tf.mul(logScale, -1));
    const slope = tf.mul(tf.sign(distance), precision);
    const dmu = tf.mul(slope, tf.mul(scale, -1));
    const dlogScale = tf.mul(tf.sub(1, tf.mul(tf.abs(distance), precision)), scale);
    const numerator = tf.sub(tf.add(slope, 1), tf.mul(pixels, 2));
    return {
      dparameters: dparameters && tf.concat([dmu, dlogScale], 1),
      dtarget: dtarget && tf.mul(tf.div(numerator, tf.mul(pixels, tf.sub(1, pixels))), scale),
    };
  },
});

type Parts = { readonly pixels: TfTensor; readonly logScale: TfTensor; readonly distance: TfTensor };

// All [R, C]; distance is logit(pixel) - mu.
function split(engine: Engine, parameters: TfTensor, target: TfTensor): Parts {
  const { tf } = engine;
  const pixels = asRows(engine, target);
  const both = asRows(engine, parameters);
  const [rows, channels] = pixels.shape;
  const mu = tf.slice(both, [0, 0], [rows, channels]);
  const logit = tf.log(tf.div(pixels, tf.sub(1, pixels)));
  return { pixels, logScale: tf.slice(both, [0, channels], [rows, channels]), distance: tf.sub(logit, mu) };
}
