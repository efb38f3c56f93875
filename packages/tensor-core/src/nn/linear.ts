// Affine layer: a weight with one row per output, as checkpoints store it, and a bias.
import type { Backend } from "../backend.ts";
import type { Rng } from "../random.ts";
import { tensor, zeros, type Tensor } from "../tensor.ts";
import { fanInUniform, type Initializer } from "./initializers.ts";

export { linear } from "../ops/linear.ts";

/** weight [N, K], bias [N] */
export type LinearParams = { readonly weight: Tensor; readonly bias: Tensor };

export type LinearOptions = {
  readonly inputs: number;
  readonly outputs: number;
  /** How the weight starts; default uniform within 1 / sqrt(inputs). The bias starts at zero. */
  readonly weight?: Initializer;
};

export function initLinear(
  { inputs, outputs, weight = fanInUniform }: LinearOptions,
  rng: Rng,
  backend: Backend,
): LinearParams {
  const shape = [outputs, inputs];
  return { weight: tensor(weight(rng, shape), shape, backend), bias: zeros([outputs], backend) };
}
