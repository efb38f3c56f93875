// Layer normalization as a layer: a factor and an offset per channel.
import type { Backend } from "../backend.ts";
import { tensor, zeros, type Tensor } from "../tensor.ts";
import { constant } from "./initializers.ts";

export { layerNorm } from "../ops/layer-norm.ts";

/** gamma [D], beta [D] */
export type LayerNormParams = { readonly gamma: Tensor; readonly beta: Tensor };

/** Factors of one, offsets of zero. */
export function initLayerNorm(width: number, backend: Backend): LayerNormParams {
  return { gamma: tensor(constant([width], 1), [width], backend), beta: zeros([width], backend) };
}
