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
 * Gradients of all micro-batches, clip, AdamW. The device is waited for once, when everything up to the norm is on its way.
 *
 * @throws NonFiniteError before anything is changed
 */
export async function update<Params, Value extends Readonly<Record<string, Tensor>> & { readonly loss: Tensor }>(
  state: TrainingState<Params>,
  microBatches: readonly MicroBatch<Params, Value>[],
  options: UpdateOptions,
): Promise<UpdateReport> {
  if (microBatches.length === 0) throw new Error("[update] expected at least one micro-batch, got none");
  const made: unknown[] = [];
  try {
    const parts: Part<Value>[] = [];
    let gradients: Params | undefined;
    for (const { share, objective } of microBatches) {
      const part = valueAndGradient<Params, Value>(state.params, objective, { scale: share });
      parts.push({ share, value: part.value });
      made.push(part.value);
      if (gradients) {
        accumulate(tensorsOf(gradients), tensorsOf(part.gradients));
        disposeTree(part.gradients);
      } else made.push((gradients = part.gradients));
    }
    const norm = globalNorm(tensorsOf(gradients));
    made.push({ norm });
    const [{ scalars, arrays }, [gradientNorm]] = await Promise.all([readParts(parts), norm.read()]);
    const { loss, ...others } = scalars;
    if (!Number.isFinite(loss)) throw new NonFiniteError(state.step, "loss", await nonFinite(state.params, gradients));
    if (!Number.isFinite(gradientNorm))
      throw new NonFiniteError(state.step, "gradient norm", await nonFinite(state.params, gradients));
    const { learningRate, adamW, rateScales, decayScales } = options;
    const groups = { learningRate, options: adamW, rateScales, decayScales, norm };
    state.optimizer = updateAdamW(state.params, gradients as Params, state.optimizer, groups);
    state.step++;
    return { loss, gradientNorm, scalars: others, arrays };
  } finally {
    for (const tree of made) disposeTree(tree);
  }
}

type Part<Value> = { readonly share: number; readonly value: Value };

async function readParts(
  parts: readonly Part<Readonly<Record<string, Tensor>>>[],
): Promise<{ readonly scalars: Record<string, number>; readonly arrays: Record<string, number[]> }> {
  const scalars: Record<string, number> = {};
  const arrays: Record<string, number[]> = {};
  const readings = parts.flatMap(({ share, value }) =>
    Object.entries(value).map(async ([name, tensor]) => ({ share, name, tensor, values: await tensor.read() })),
  );
  for (const { share, name, tensor, values } of await Promise.all(readings)) {
    if (tensor.shape.length === 0) scalars[name] = (scalars[name] ?? 0) + share * values[0];
    else arrays[name] = [...(arrays[name] ?? []), ...values];
  }
  return { scalars, arrays };
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
