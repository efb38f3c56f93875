// AdamW with decoupled weight decay (Loshchilov & Hutter 2019), one multi-tensor op a step, rates and decay by path.
import { leaves, mapTree, zeros, type Tensor } from "@beitjs/tensor-core";
import { adamW } from "@beitjs/tensor-core/ops";
import type { AdamWOptions } from "../recipes/recipe.ts";

export type { AdamWOptions } from "../recipes/recipe.ts";

export const adamWDefaults: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05, clipNorm: 0 };

/** First and second moments, trees like the parameters', and the number of updates made. */
export type AdamWState<Params> = {
  readonly firstMoments: Params;
  readonly secondMoments: Params;
  readonly updates: number;
};

export function initAdamW<Params>(params: Params): AdamWState<Params> {
  const blank = (): Params => mapTree(params, (leaf: Tensor) => zeros(leaf.shape, leaf.backend));
  return { firstMoments: blank(), secondMoments: blank(), updates: 0 };
}

export type AdamWStep = {
  readonly learningRate: number;
  readonly options: AdamWOptions;
  /** Factor on the learning rate, per parameter in tree order (layer decay). */
  readonly rateScales: readonly number[];
  /** Factor on the weight decay, per parameter in tree order (0 or 1). */
  readonly decayScales: readonly number[];
  /** Global norm of the gradients, a scalar tensor, for clipping. */
  readonly norm: Tensor;
};

/** One update of parameters and moments in place. */
export function updateAdamW<Params>(
  params: Params,
  gradients: Params,
  state: AdamWState<Params>,
  { learningRate, options, rateScales, decayScales, norm }: AdamWStep,
): AdamWState<Params> {
  const tensors = (tree: Params): Tensor[] => leaves<Tensor>(tree).map(([, leaf]) => leaf);
  adamW(
    {
      parameters: tensors(params),
      gradients: tensors(gradients),
      firstMoments: tensors(state.firstMoments),
      secondMoments: tensors(state.secondMoments),
      norm,
    },
    {
      learningRates: rateScales.map((scale) => learningRate * scale),
      weightDecays: decayScales.map((scale) => options.weightDecay * scale),
      beta1: options.beta1,
      beta2: options.beta2,
      epsilon: options.epsilon,
      step: state.updates + 1,
      maxNorm: options.clipNorm > 0 ? options.clipNorm : Infinity,
    },
  );
  return { ...state, updates: state.updates + 1 };
}
