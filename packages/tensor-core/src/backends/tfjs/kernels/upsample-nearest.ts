// Upsampling by repeating and adding rows. tfjs-cpu's ResizeNearestNeighborGrad is wrong for more than one image.
import { upsampleNearestOp } from "../../../ops/upsample-nearest.ts";
import type { TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";

export const upsampleNearestKernels = implement(upsampleNearestOp, {
  forward({ tf }, { x }, _, { factor }) {
    const [batch, height, width, channels] = x.shape;
    const repeat = (rows: TfTensor): TfTensor => tf.concat(new Array<TfTensor>(factor).fill(rows), 1);
    const wide = repeat(tf.reshape(x, [batch * height * width, channels])); // [B·H·W, f·C]
    return { y: repeat(tf.reshape(wide, [batch * height, width * factor * channels])) };
  },
  backward({ tf }, { dy }, _, { factor }) {
    const [batch, height, width, channels] = dy.shape;
    const rows = tf.sum(tf.reshape(dy, [(batch * height) / factor, factor, width * channels]), 1);
    return { dx: tf.sum(tf.reshape(rows, [-1, factor, channels]), 1) };
  },
});
