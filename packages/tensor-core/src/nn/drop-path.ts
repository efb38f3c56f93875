// Drop path (stochastic depth, Huang et al. 2016) per example: a residual branch is left out as a whole, and what stays
// is scaled up so that its mean is unchanged.
import type { Backend } from "../backend.ts";
import type { Rng } from "../random.ts";
import { tensor, type Tensor } from "../tensor.ts";

/** Factors of a residual branch, one draw an example: 0 with probability `rate`, else 1 / (1 - rate). -> [B] */
export function dropPath(
  { rate, batch }: { readonly rate: number; readonly batch: number },
  rng: Rng,
  backend: Backend,
): Tensor {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`[dropPath] expected a rate in [0, 1), got ${rate}`);
  const keep = 1 - rate;
  const factors = Float32Array.from({ length: batch }, () => Math.floor(keep + rng.uniform()) / keep);
  return tensor(factors, [batch], backend);
}
