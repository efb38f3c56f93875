// The transformer block: layer normalization before each branch, layer scale and drop path on its way back.
// (BEiT paper, section 2.2; layer scale: Touvron et al. 2021, drop path: Huang et al. 2016)
import type { Tensor } from "@beitjs/tensor-core";
import { attention, layerNorm, mlp } from "@beitjs/tensor-core/nn";
import type { BlockParams } from "./parameters.ts";

export type BlockInputs = {
  /** [B, N, D] */
  readonly x: Tensor;
  /** Relative position bias [H, N, N]. */
  readonly bias?: Tensor | undefined;
  /** Drop path's factors [B] of the attention and of the perceptron. */
  readonly keep?: readonly [Tensor, Tensor] | undefined;
};

export type BlockOptions = { readonly heads: number; readonly epsilon: number };

/** Pre-norm transformer block with layer scale and drop path. -> [B, N, D] */
export function block(params: BlockParams, { x, bias, keep }: BlockInputs, { heads, epsilon }: BlockOptions): Tensor {
  const normed = layerNorm(x, params.norm1, { epsilon });
  const middle = attention(params.attention, normed, {
    heads,
    bias,
    onto: { x, scale: params.scale1, keep: keep?.[0] },
  });
  const again = layerNorm(middle, params.norm2, { epsilon });
  return mlp(params.mlp, again, { onto: { x: middle, scale: params.scale2, keep: keep?.[1] } });
}
