import { patchifyOp } from "../../../ops/patchify.ts";
import type { Shape } from "../../../tensor.ts";
import { grainFor, implement } from "../context.ts";

export const patchifyKernels = implement(patchifyOp, {
  forward(simd, { images }, { y }, { patchSize }) {
    const { pixelRows, grain, sizes } = sizesOf(images.shape, patchSize);
    simd.parallel("patchifyForward", pixelRows, grain, simd.pointer(images), simd.pointer(y), ...sizes);
  },
  backward(simd, { dy }, { dimages }, { patchSize }) {
    if (!dimages) return;
    const { pixelRows, grain, sizes } = sizesOf(dimages.shape, patchSize);
    simd.parallel("patchifyBackward", pixelRows, grain, simd.pointer(dy), simd.pointer(dimages), ...sizes);
  },
});

function sizesOf([batch, height, width, channels]: Shape, patchSize: number) {
  const sizes = [patchSize, width / patchSize, patchSize * channels] as const;
  return { pixelRows: batch * height, grain: grainFor(width * channels), sizes };
}
