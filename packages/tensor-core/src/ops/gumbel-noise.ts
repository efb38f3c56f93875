// Standard Gumbel noise: g = -ln(-ln u), u = (word + 1/2) / 2^32 from word i of a Philox stream, so u is never 0 or 1
// and any backend draws the same values in any order.
import type { Backend } from "../backend.ts";
import { createRng, philox, type RngAddress } from "../random.ts";
import type { Shape, Tensor } from "../tensor.ts";
import { apply, defineOp } from "./define-op.ts";

type GumbelNoiseAttributes = Required<RngAddress> & { readonly shape: Shape };

export const gumbelNoiseOp = defineOp<object, "noise", GumbelNoiseAttributes>({
  name: "GumbelNoise",
  shape: (_, { shape }) => ({ noise: shape }),
  forward(_, { noise }, { seed, stream, epoch, index }) {
    const words = new Uint32Array(4);
    for (let i = 0; i < noise.length; i++) {
      if (i % 4 === 0) philox(words, i / 4, index, epoch, stream, seed >>> 0, (seed / 2 ** 32) >>> 0);
      noise[i] = -Math.log(-Math.log((words[i % 4] + 0.5) * 2 ** -32));
    }
  },
});

/**
 * Gumbel(0, 1) noise for `gumbelSoftmax`. Element i uses word i of the stream at `address`: same address, same noise.
 *
 * @throws RangeError if a part of the address is no unsigned integer
 */
export function gumbelNoise(shape: Shape, address: RngAddress, backend: Backend): Tensor {
  return apply(gumbelNoiseOp, {}, { ...createRng(address).address, shape }, backend).noise;
}
