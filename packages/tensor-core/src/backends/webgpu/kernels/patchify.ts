import { patchifyOp } from "../../../ops/patchify.ts";
import { implement } from "../context.ts";
import { sizeOf, type Shape } from "../../../tensor.ts";

export const patchifyKernels = implement(patchifyOp, {
  forward(gpu, { images }, { y }, { patchSize }) {
    const dispatch = { reads: [images], writes: [y], sizes: sizesOf(images.shape, patchSize) };
    gpu.elements({ shader: "patchify", entry: "forward" }, images.size, dispatch);
  },
  backward(gpu, { dy }, { dimages }, { patchSize }) {
    if (!dimages) return;
    const dispatch = { reads: [dy], writes: [dimages], sizes: sizesOf(dimages.shape, patchSize) };
    gpu.elements({ shader: "patchify", entry: "backward" }, dy.size, dispatch);
  },
});

function sizesOf(images: Shape, patchSize: number): number[] {
  const [, height, width, channels] = images;
  return [sizeOf(images), height, width, channels, patchSize];
}
