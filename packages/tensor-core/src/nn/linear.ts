// Affine layer: a weight with one row per output, as checkpoints store it, and a bias.
import type { Backend } from "../backend.ts";
import { linear } from "../ops/linear.ts";
import { linearResidual } from "../ops/linear-residual.ts";
import type { ResidualOptions } from "../ops/residual.ts";
import type { Rng } from "../random.ts";
import { tensor, zeros, type Tensor } from "../tensor.ts";
import { fanInUniform, type Initializer } from "./initializers.ts";

export { linear };

/** weight [N, K], bias [N] */
export type LinearParams = { readonly weight: Tensor; readonly bias: Tensor };

export type LinearOptions = {
  readonly inputs: number;
  readonly outputs: number;
  /** How the weight starts; default uniform within 1 / sqrt(inputs). The bias starts at zero. */
  readonly weight?: Initializer;
};

/** What a branch is added to: `x` plus the branch times layer scale and drop path. */
export type Trunk = ResidualOptions & { readonly x: Tensor };

/** @internal The last layer of a branch, added to its trunk if there is one. */
export function linearOnto(onto: Trunk | undefined, inner: Tensor, params: LinearParams): Tensor {
  return onto ? linearResidual(onto.x, inner, params, onto) : linear(inner, params);
}

export function initLinear(
  { inputs, outputs, weight = fanInUniform }: LinearOptions,
  rng: Rng,
  backend: Backend,
): LinearParams {
  const shape = [outputs, inputs];
  return { weight: tensor(weight(rng, shape), shape, backend), bias: zeros([outputs], backend) };
}
