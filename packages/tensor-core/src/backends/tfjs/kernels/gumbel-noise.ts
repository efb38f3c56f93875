import { gumbelNoiseOp } from "../../../ops/gumbel-noise.ts";
import { sizeOf } from "../../../tensor.ts";
import { implement } from "../implement.ts";

export const gumbelNoiseKernels = implement(gumbelNoiseOp, {
  // Drawn on the host: the generator multiplies 32-bit integers to 64 bits, and the two logarithms of a number close to 1
  // need more than float32.
  forward({ tf }, _, __, attributes) {
    const { shape } = attributes;
    const noise = new Float64Array(sizeOf(shape));
    gumbelNoiseOp.forward({}, { noise }, attributes, { noise: shape });
    return { noise: tf.tensor(Float32Array.from(noise), [...shape]) };
  },
});
