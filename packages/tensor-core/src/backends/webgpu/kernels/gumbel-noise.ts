import { gumbelNoiseOp } from "../../../ops/gumbel-noise.ts";
import { implement } from "../context.ts";

export const gumbelNoiseKernels = implement(gumbelNoiseOp, {
  forward(gpu, _, { noise }, { seed, stream, epoch, index }) {
    // One invocation for the four words of a counter.
    gpu.elements({ shader: "gumbel-noise", entry: "forward" }, Math.ceil(noise.size / 4), {
      reads: [],
      writes: [noise],
      sizes: [noise.size, index, epoch, stream, seed >>> 0, (seed / 2 ** 32) >>> 0],
    });
  },
});
