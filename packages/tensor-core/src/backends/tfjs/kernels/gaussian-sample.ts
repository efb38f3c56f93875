import { gaussianSampleOp } from "../../../ops/gaussian-sample.ts";
import { implement } from "../implement.ts";

export const gaussianSampleKernels = implement(gaussianSampleOp, {
  forward: ({ tf }, { mean, logVariance, noise }) => ({
    z: tf.add(mean, tf.mul(tf.exp(tf.mul(logVariance, 0.5)), noise)),
  }),
  backward({ tf }, { dz, logVariance, noise }, { dmean, dlogVariance, dnoise }) {
    const scaled = tf.mul(dz, tf.exp(tf.mul(logVariance, 0.5)));
    return {
      dmean: dmean && dz,
      dnoise: dnoise && scaled,
      dlogVariance: dlogVariance && tf.mul(tf.mul(scaled, noise), 0.5),
    };
  },
});
