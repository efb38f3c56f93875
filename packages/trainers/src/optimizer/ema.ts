// The exponential moving average of the weights (EMA; Polyak & Juditsky 1992), which often does better than the weights themselves.
// Decay and warm-up are those of timm's ModelEmaV3, float32 throughout.
import { leaves, mapTree, zeros, type Tensor } from "@beitjs/tensor-core";
import { accumulate, addScaled } from "@beitjs/tensor-core/ops";
import type { EmaOptions } from "../recipes/recipe.ts";

/** An average before the first update, which makes it the weights. */
export function initEma<Params>(params: Params): Params {
  return mapTree(params, (leaf: Tensor) => zeros(leaf.shape, leaf.backend));
}

/**
 * What the average keeps of itself in an update, counted from 1: nothing in the first; with a warm-up 1 - n^(-2/3) in the n-th, until that
 * is the decay. Without one, a decay of 0.9999 still keeps 90 % of the first weights after a thousand updates.
 */
export function emaDecay(update: number, { decay, warmup }: EmaOptions): number {
  if (update <= 1) return 0;
  return warmup ? Math.min(decay, 1 - update ** (-2 / 3)) : decay;
}

/** average += (1 - decay) (weights - average), in place. */
export function updateEma<Params>(average: Params, params: Params, decay: number): void {
  const weights = leaves<Tensor>(params);
  for (const [i, [, mean]] of leaves<Tensor>(average).entries()) {
    const difference = addScaled(weights[i][1], mean, { scale: -1 });
    accumulate([mean], [difference], { scale: 1 - decay });
    difference.dispose();
  }
}
