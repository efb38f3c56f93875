// The transformer block: layer normalization before each branch, layer scale and drop path on its way back.
// (BEiT paper, section 2.2; layer scale: Touvron et al. 2021, drop path: Huang et al. 2016)
import type { Tensor } from "@beitjs/tensor-core";
import { attention, dropPath, layerNorm, mlp } from "@beitjs/tensor-core/nn";
import { residual } from "@beitjs/tensor-core/ops";
import type { Rng } from "@beitjs/tensor-core/random";
import type { BlockParams } from "./parameters.ts";

export type BlockOptions = {
  readonly heads: number;
  readonly epsilon: number;
  /** Relative position bias [H, N, N]. */
  readonly bias?: Tensor | undefined;
  readonly dropRate: number;
  /** Turns drop path on. */
  readonly rng?: Rng | undefined;
};

/** Pre-norm transformer block with layer scale and drop path. [B, N, D] -> [B, N, D] */
export function block(params: BlockParams, x: Tensor, { heads, epsilon, bias, dropRate, rng }: BlockOptions): Tensor {
  const keep = () =>
    rng && dropRate > 0 ? dropPath({ rate: dropRate, batch: x.shape[0] }, rng, x.backend) : undefined;
  const attended = attention(params.attention, layerNorm(x, params.norm1, { epsilon }), { heads, bias });
  const middle = residual(x, attended, { scale: params.scale1, keep: keep() });
  const expanded = mlp(params.mlp, layerNorm(middle, params.norm2, { epsilon }));
  return residual(middle, expanded, { scale: params.scale2, keep: keep() });
}
