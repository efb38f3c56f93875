// The transformer's two-layer perceptron with the exact GELU between. (Vaswani et al. 2017; Hendrycks & Gimpel 2016)
import type { Backend } from "../backend.ts";
import { linearGelu } from "../ops/linear-gelu.ts";
import type { Rng } from "../random.ts";
import type { Tensor } from "../tensor.ts";
import { fanInUniform, type Initializer } from "./initializers.ts";
import { initLinear, linearOnto, type LinearParams, type Trunk } from "./linear.ts";

/** expand: D to the hidden width; contract: back to D */
export type MlpParams = { readonly expand: LinearParams; readonly contract: LinearParams };

/** [..., D] -> [..., D]; as a branch of `onto`, if that is given. */
export function mlp(params: MlpParams, x: Tensor, { onto }: { readonly onto?: Trunk | undefined } = {}): Tensor {
  return linearOnto(onto, linearGelu(x, params.expand), params.contract);
}

export function initMlp(
  {
    width,
    hidden,
    weight = fanInUniform,
  }: { readonly width: number; readonly hidden: number; readonly weight?: Initializer },
  rng: Rng,
  backend: Backend,
): MlpParams {
  return {
    expand: initLinear({ inputs: width, outputs: hidden, weight }, rng, backend),
    contract: initLinear({ inputs: hidden, outputs: width, weight }, rng, backend),
  };
}
