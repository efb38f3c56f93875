// One optimizer step: gradients of one or more micro-batches, a look at whether they are finite, then the update.
// A non-finite loss or gradient stops the run before the parameters are touched, so the last state stays good.
import { disposeTree, leaves, valueAndGradient, type Tensor } from "@beitjs/tensor-core";
import { accumulate, globalNorm } from "@beitjs/tensor-core/ops";
import { initAdamW, updateAdamW, type AdamWOptions, type AdamWState } from "./optimizer/adamw.ts";

/** Everything an update changes. Trees of tensors are updated in place; `step` counts finished updates. */
export type TrainingState<Params> = { step: number; readonly params: Params; optimizer: AdamWState<Params> };

export function initTrainingState<Params>(params: Params): TrainingState<Params> {
  return { step: 0, params, optimizer: initAdamW(params) };
}

export type UpdateOptions = {
  readonly learningRate: number;
  readonly adamW: AdamWOptions;
  readonly rateScales: readonly number[];
  readonly decayScales: readonly number[];
};

export type MicroBatch<Params, Value> = {
  /** Share of this micro-batch in the step's loss; the shares of a step add up to 1. */
  readonly share: number;
  readonly objective: (params: Params) => Value;
};

/**
 * What a step leaves: its loss, the gradient norm before clipping, and what the objectives returned beside the loss:
 * scalars averaged by share, other tensors read and put one after another.
 */
export type UpdateReport = {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly scalars: Readonly<Record<string, number>>;
  readonly arrays: Readonly<Record<string, readonly number[]>>;
};

/** A loss or gradient that is not a finite number. `tensors` are parameter paths, worst first. */
export class NonFiniteError extends Error {
  readonly step: number;
  readonly tensors: readonly string[];

  constructor(step: number, what: string, tensors: readonly string[]) {
    const where = tensors.length > 0 ? `; not finite: ${tensors.slice(0, 5).join(", ")}` : "";
    super(`[update] expected a finite ${what} at step ${step}, got none${where}`);
    this.name = "NonFiniteError";
    this.step = step;
    this.tensors = tensors;
  }
}

/**
 * Gradients of all micro-batches, clip, AdamW.
 *
 * @throws NonFiniteError before anything is changed
 */
export async function update<Params, Value extends Readonly<Record<string, Tensor>> & { readonly loss: Tensor }>(
  state: TrainingState<Params>,
  microBatches: readonly MicroBatch<Params, Value>[],
  options: UpdateOptions,
): Promise<UpdateReport> {
  const scalars: Record<string, number> = {};
  const arrays: Record<string, number[]> = {};
  let total: Params | undefined;
  try {
    for (const { share, objective } of microBatches) {
      const { value, gradients } = valueAndGradient<Params, Value>(state.params, objective, { scale: share });
      for (const [name, result] of Object.entries(value)) {
        const values = await result.read();
        if (result.shape.length === 0) scalars[name] = (scalars[name] ?? 0) + share * values[0];
        else arrays[name] = [...(arrays[name] ?? []), ...values];
      }
      disposeTree(value);
      if (total) {
        accumulate(tensorsOf(total), tensorsOf(gradients));
        disposeTree(gradients);
      } else total = gradients;
    }
    if (!total) throw new Error("[update] expected at least one micro-batch, got none");
    const { loss, ...others } = scalars;
    if (!Number.isFinite(loss)) throw new NonFiniteError(state.step, "loss", await nonFinite(state.params, total));
    const gradientNorm = await applyUpdate(state, total, options);
    return { loss, gradientNorm, scalars: others, arrays };
  } finally {
    if (total) disposeTree(total);
  }
}

async function applyUpdate<Params>(
  state: TrainingState<Params>,
  gradients: Params,
  options: UpdateOptions,
): Promise<number> {
  const { learningRate, adamW, rateScales, decayScales } = options;
  const norm = await gradientNormOf(state, gradients);
  state.optimizer = updateAdamW(state.params, gradients, state.optimizer, {
    learningRate,
    options: adamW,
    rateScales,
    decayScales,
    norm,
  });
  const value = (await norm.read())[0];
  norm.dispose();
  state.step++;
  return value;
}

async function gradientNormOf<Params>(state: TrainingState<Params>, gradients: Params): Promise<Tensor> {
  const norm = globalNorm(tensorsOf(gradients));
  if (!Number.isFinite((await norm.read())[0])) {
    norm.dispose();
    throw new NonFiniteError(state.step, "gradient norm", await nonFinite(state.params, gradients));
  }
  return norm;
}

async function nonFinite<Params>(params: Params, gradients: Params): Promise<string[]> {
  const found: string[] = [];
  for (const [kind, tree] of [
    ["parameter", params],
    ["gradient of", gradients],
  ] as const) {
    for (const [path, leaf] of leaves<Tensor>(tree)) {
      if (!(await leaf.read()).every(Number.isFinite)) found.push(`${kind} ${path}`);
    }
  }
  return found;
}

function tensorsOf(tree: unknown): Tensor[] {
  return leaves<Tensor>(tree).map(([, leaf]) => leaf);
}
