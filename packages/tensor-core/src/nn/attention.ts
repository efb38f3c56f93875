// Multi-head self-attention with learned biases for queries and values. A bias of the keys would add the same number
// to all scores of a query and cancel in the softmax, so there is none. (BEiT, modeling_finetune.py)
import type { Backend } from "../backend.ts";
import { attention as attend, attentionProbabilities as probabilities } from "../ops/attention.ts";
import { linearQkv } from "../ops/linear-qkv.ts";
import type { Rng } from "../random.ts";
import { tensor, zeros, type Tensor } from "../tensor.ts";
import { fanInUniform, type Initializer } from "./initializers.ts";
import { initLinear, linearOnto, type LinearParams, type Trunk } from "./linear.ts";

export type AttentionParams = {
  /** weight [3D, D]: rows of queries, then keys, then values; inside each the heads one after another */
  readonly qkv: { readonly weight: Tensor };
  /** [D] */
  readonly queryBias: Tensor;
  /** [D] */
  readonly valueBias: Tensor;
  readonly projection: LinearParams;
  /** Table of relative positions [R, H], where every layer has its own. */
  readonly relativePositionBias?: Tensor | undefined;
};

export type AttentionOptions = {
  readonly heads: number;
  /** [H, N, N], added to the scores after their scaling by 1 / sqrt(K) */
  readonly bias?: Tensor | undefined;
};

/** Attention of every token to every token. [B, N, D] -> [B, N, D]; as a branch of `onto`, if that is given. */
export function attention(
  params: AttentionParams,
  x: Tensor,
  { onto, ...options }: AttentionOptions & { readonly onto?: Trunk | undefined },
): Tensor {
  return linearOnto(onto, attend(queriesKeysValues(params, x), options), params.projection);
}

/** What each query attends to, rows summing to one. [B, N, D] -> [B, H, N, N] (query, key) */
export function attentionProbabilities(params: AttentionParams, x: Tensor, options: AttentionOptions): Tensor {
  return probabilities(queriesKeysValues(params, x), options);
}

/** Attention parameters; `weight` draws both matrices, biases start at zero, and there is no table. */
export function initAttention(
  { width, weight = fanInUniform }: { readonly width: number; readonly weight?: Initializer },
  rng: Rng,
  backend: Backend,
): AttentionParams {
  const shape = [3 * width, width];
  return {
    qkv: { weight: tensor(weight(rng, shape), shape, backend) },
    queryBias: zeros([width], backend),
    valueBias: zeros([width], backend),
    projection: initLinear({ inputs: width, outputs: width, weight }, rng, backend),
  };
}

function queriesKeysValues({ qkv, queryBias, valueBias }: AttentionParams, x: Tensor): Tensor {
  return linearQkv(x, { weight: qkv.weight, queryBias, valueBias }); // [B, N, 3D]
}
