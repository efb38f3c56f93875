// Puts tokens back at their places in longer sequences, with one token at all places that are left: what a masked autoencoder's
// decoder sees. y[b][t] = x[b][index[b][t]], or fill where the index is -1. (He et al. 2021, section 3)
import type { Tensor } from "../tensor.ts";
import { expectRank, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export type ScatterTokensOptions = {
  /** int32 [B, T]; which of its image's M tokens stands there, or -1. Every token may stand at any number of places. */
  readonly index: Tensor;
  /** [D] */
  readonly fill: Tensor;
};

export const scatterTokensOp = defineOp<{ x: Tensor; fill: Tensor; index: Tensor }, "y">({
  name: "ScatterTokens",
  integer: ["index"],
  shape({ x, fill, index }) {
    expectRank("ScatterTokens", "x", x, 3, "B, M, D");
    expectShape("ScatterTokens", "fill", fill, [x[2]]);
    expectShape("ScatterTokens", "index", index, [x[0], index[1] ?? "T"]);
    return { y: [x[0], index[1], x[2]] };
  },
  saves: ["index"],
  forward({ x, fill, index }, { y }, _, shapes) {
    const [, tokens, width] = shapes.x;
    const places = shapes.index[1];
    for (let row = 0; row < index.length; row++) {
      const from = index[row] < 0 ? -1 : (Math.floor(row / places) * tokens + index[row]) * width;
      for (let i = 0; i < width; i++) y[row * width + i] = from < 0 ? fill[i] : x[from + i];
    }
  },
  backward({ dy, index }, { dx, dfill }, _, shapes) {
    const [, tokens, width] = shapes.x;
    const places = shapes.index[1];
    for (let row = 0; row < index.length; row++) {
      const to = index[row] < 0 ? -1 : (Math.floor(row / places) * tokens + index[row]) * width;
      for (let i = 0; i < width; i++) {
        if (to < 0) dfill[i] += dy[row * width + i];
        else dx[to + i] += dy[row * width + i];
      }
    }
  },
});

/**
 * Tokens at their places in longer sequences. [B, M, D] -> [B, T, D]
 *
 * @param options.index numbers in [-1, M); checked by whoever makes them, since ops do not read devices
 */
export function scatterTokens(x: Tensor, { index, fill }: ScatterTokensOptions): Tensor {
  return apply(scatterTokensOp, { x, fill, index }, {}).y;
}
