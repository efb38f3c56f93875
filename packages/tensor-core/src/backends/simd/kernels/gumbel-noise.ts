import { gumbelNoiseOp } from "../../../ops/gumbel-noise.ts";
import { grainFor, implement } from "../context.ts";

const GROUP = 16;

export const gumbelNoiseKernels = implement(gumbelNoiseOp, {
  forward(simd, _, { noise }, { seed, stream, epoch, index }) {
    const at = [simd.pointer(noise), simd.scratch(GROUP * 4 * simd.threads)] as const;
    const key = [seed >>> 0, (seed / 2 ** 32) >>> 0] as const;
    const groups = Math.ceil(noise.size / GROUP);
    // An element costs about ten steps.
    simd.parallel("gumbelNoiseForward", groups, grainFor(GROUP * 10), ...at, noise.size, index, epoch, stream, ...key);
  },
});
