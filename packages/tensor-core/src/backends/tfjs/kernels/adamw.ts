import { adamWOp } from "../../../ops/adamw.ts";
import type { TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";

export const adamWKernels = implement(adamWOp, {
  forward({ tf }, { parameters, gradients, firstMoments, secondMoments, norm }, _, options) {
    const { beta1, beta2, epsilon, step, maxNorm, learningRates, weightDecays } = options;
    const clip = norm && maxNorm !== undefined ? tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1) : undefined;
    const first: TfTensor[] = [];
    const second: TfTensor[] = [];
    const updated = parameters.map((parameter, i) => {
      const gradient = clip ? tf.mul(gradients[i], clip) : gradients[i];
      first.push(tf.add(tf.mul(firstMoments[i], beta1), tf.mul(gradient, 1 - beta1)));
      second.push(tf.add(tf.mul(secondMoments[i], beta2), tf.mul(tf.square(gradient), 1 - beta2)));
      const denominator = tf.add(tf.sqrt(tf.mul(second[i], 1 / (1 - beta2 ** step))), epsilon);
      const decayed = tf.mul(parameter, 1 - learningRates[i] * weightDecays[i]);
      return tf.sub(decayed, tf.div(tf.mul(first[i], learningRates[i] / (1 - beta1 ** step)), denominator));
    });
    return { parameters: updated, firstMoments: first, secondMoments: second };
  },
});
