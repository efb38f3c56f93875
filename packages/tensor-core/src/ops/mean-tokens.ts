// Average over tokens, by default without the class token at the front: the pooling of fine-tuned BEiT.
// (official code, modeling_finetune.py, use_mean_pooling)
import type { Tensor } from "../tensor.ts";
import { expect, expectRank } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const meanTokensOp = defineOp<{ x: Tensor }, "y", { readonly start: number }>({
  name: "MeanTokens",
  shape({ x }, { start }) {
    expectRank("MeanTokens", "x", x, 3, "B, N, D");
    const inside = Number.isInteger(start) && start >= 0 && start < x[1];
    expect("MeanTokens", inside, `start in [0, ${x[1]})`, `${start}`);
    return { y: [x[0], x[2]] };
  },
  forward({ x }, { y }, { start }, shapes) {
    const [batch, tokens, width] = shapes.x;
    for (let b = 0; b < batch; b++) {
      for (let n = start; n < tokens; n++) {
        for (let i = 0; i < width; i++) y[b * width + i] += x[(b * tokens + n) * width + i] / (tokens - start);
      }
    }
  },
  backward({ dy }, { dx }, { start }, shapes) {
    const [batch, tokens, width] = shapes.x;
    for (let b = 0; b < batch; b++) {
      for (let n = start; n < tokens; n++) {
        for (let i = 0; i < width; i++) dx[(b * tokens + n) * width + i] = dy[b * width + i] / (tokens - start);
      }
    }
  },
});

/** Mean of the tokens from `start` on (1 leaves out the class token). [B, N, D] -> [B, D] */
export function meanTokens(x: Tensor, { start = 1 }: { readonly start?: number } = {}): Tensor {
  return apply(meanTokensOp, { x }, { start }).y;
}
