// Convolution layer: a filter [outputs, rows, columns, inputs] and a bias.
import type { Backend } from "../backend.ts";
import type { Rng } from "../random.ts";
import { tensor, zeros, type Tensor } from "../tensor.ts";
import { fanInUniform, type Initializer } from "./initializers.ts";

export { conv2d } from "../ops/conv2d.ts";

/** filter [O, kh, kw, C], bias [O] */
export type Conv2dParams = { readonly filter: Tensor; readonly bias: Tensor };

export type Conv2dOptions = {
  readonly inputs: number;
  readonly outputs: number;
  /** Rows and columns of the filter. */
  readonly size: number;
  /** How the filter starts: `fanInNormal` as in DALL-E, or the default `fanInUniform`. The bias starts at zero. */
  readonly filter?: Initializer;
};

export function initConv2d(
  { inputs, outputs, size, filter = fanInUniform }: Conv2dOptions,
  rng: Rng,
  backend: Backend,
): Conv2dParams {
  const shape = [outputs, size, size, inputs];
  return { filter: tensor(filter(rng, shape), shape, backend), bias: zeros([outputs], backend) };
}
