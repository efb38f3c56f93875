import { patchifyOp } from "../../../ops/patchify.ts";
import type { Shape } from "../../../tensor.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";

export const patchifyKernels = implement(patchifyOp, {
  forward(engine, { images }, _, { patchSize }) {
    const [batch, height, width, channels] = images.shape;
    return {
      y: swap(engine, images, [(batch * height) / patchSize, patchSize, width / patchSize, patchSize * channels]),
    };
  },
  backward(engine, { dy }, { dimages }, { patchSize }) {
    if (!dimages) return {};
    const [batch, height, width, channels] = dimages.shape;
    const grid = [(batch * height) / patchSize, width / patchSize, patchSize, patchSize * channels];
    return { dimages: swap(engine, dy, grid) };
  },
});

// Rows of a patch and columns of the grid change places; a row of pixels of a patch stays together.
function swap({ tf }: Engine, x: TfTensor, grid: Shape): TfTensor {
  return tf.transpose(tf.reshape(x, [...grid]), [0, 2, 1, 3]);
}
