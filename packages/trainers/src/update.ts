// One optimizer step: gradients of one or more micro-batches, a look at whether they are finite, then the update.
// A non-finite loss or gradient stops the run before the parameters are touched, so the last state stays good.
import { disposeTree, leaves, mapTree, scope, valueAndGradient, type Tensor } from "@beitjs/tensor-core";
import { accumulate, globalNorm, scaleShift } from "@beitjs/tensor-core/ops";
import { initAdamW, updateAdamW, type AdamWOptions, type AdamWState } from "./optimizer/adamw.ts";
import { emaDecay, initEma, updateEma } from "./optimizer/ema.ts";
import { afterFinite, afterOverflow, initLossScale, type LossScale } from "./optimizer/loss-scale.ts";
import type { EmaOptions } from "./recipes/recipe.ts";
import type { ValidationState } from "./validation.ts";

/** A tree of tensors by the name it is kept under. */
export type StateTree = { readonly name: string; readonly tree: unknown };

/** Everything an update changes. Trees of tensors are updated in place; `step` counts finished updates. */
export type TrainingState<Params> = {
  step: number;
  readonly params: Params;
  optimizer: AdamWState<Params>;
  /** Average of the parameters, where the recipe wants one. */
  readonly ema?: Params;
  /** All tensors of the state: a checkpoint has a file of each tree, and resuming fills each from its file. */
  readonly trees: readonly StateTree[];
  /** There on backends whose products round their factors to f16. */
  lossScale?: LossScale;
  /** There once the run was validated. */
  validation?: ValidationState;
  /** Of a tokenizer: how often each visual token came since its count was last begun anew, by id. */
  tokenCounts?: Float64Array;
  /** What the last update left, where its evaluation has not come to its end: a run that goes on begins with that. */
  unevaluated?: UpdateReport;
};

export function initTrainingState<Params>(
  params: Params,
  { average = false }: { readonly average?: boolean } = {},
): TrainingState<Params> {
  const scaled = leaves<Tensor>(params).some(([, { backend }]) => backend.halfProducts);
  const optimizer = initAdamW(params);
  const { firstMoments, secondMoments } = optimizer;
  const ema = average ? initEma(params) : undefined;
  const trees = [
    { name: "model", tree: params },
    { name: "optimizer", tree: { firstMoments, secondMoments } },
    ...(ema ? [{ name: "ema", tree: ema }] : []),
  ];
  const scale = scaled && { lossScale: initLossScale() };
  return { step: 0, params, optimizer, trees, ...(ema && { ema }), ...scale };
}

export type UpdateOptions = {
  readonly learningRate: number;
  readonly adamW: AdamWOptions;
  /** How the state's average follows, where it has one. */
  readonly ema?: EmaOptions | undefined;
  readonly rateScales: readonly number[];
  readonly decayScales: readonly number[];
};

/** What an objective gives: the loss, and what reports tell beside it. */
export type Objective = Readonly<Record<string, Tensor>> & { readonly loss: Tensor };

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
 * Gradients of all micro-batches, clip, AdamW, average. The device is waited for once, when everything up to the norm is on its way.
 * Gradients that leave the range of f16 are made again with half the loss scale, so objectives must repeat themselves.
 *
 * @throws NonFiniteError before anything is changed
 */
export async function update<Params, Value extends Objective>(
  state: TrainingState<Params>,
  microBatches: readonly MicroBatch<Params, Value>[],
  options: UpdateOptions,
): Promise<UpdateReport> {
  if (microBatches.length === 0) throw new Error("[update] expected at least one micro-batch, got none");
  for (;;) {
    const { scale } = state.lossScale ?? { scale: 1 };
    const pass = differentiate(state.params, microBatches, scale);
    try {
      const [{ scalars, arrays }, [scaledNorm]] = await Promise.all([readParts(pass.parts), pass.norm.read()]);
      const { loss, ...others } = scalars;
      const fail = async (what: string): Promise<NonFiniteError> =>
        new NonFiniteError(state.step, what, await nonFinite(state.params, pass.gradients));
      if (!Number.isFinite(loss)) throw await fail("loss");
      if (Number.isFinite(scaledNorm)) {
        applyUpdate(state, pass, options);
        return { loss, gradientNorm: scaledNorm / scale, scalars: others, arrays };
      }
      const smaller = state.lossScale && afterOverflow(state.lossScale);
      if (!smaller) throw await fail("gradient norm");
      state.lossScale = smaller;
    } finally {
      disposeTree([pass.gradients, pass.norm, ...pass.parts.map(({ value }) => value)]);
    }
  }
}

type Part<Value> = { readonly share: number; readonly value: Value };

/** Gradients, and their norm, are those of the loss times `scale`. */
type Pass<Params, Value> = {
  readonly parts: readonly Part<Value>[];
  readonly gradients: Params;
  readonly norm: Tensor;
  readonly scale: number;
};

function differentiate<Params, Value extends Objective>(
  params: Params,
  microBatches: readonly MicroBatch<Params, Value>[],
  scale: number,
): Pass<Params, Value> {
  const parts: Part<Value>[] = [];
  let gradients: Params | undefined;
  try {
    for (const { share, objective } of microBatches) {
      const part = valueAndGradient<Params, Value>(params, objective, { scale: share * scale });
      parts.push({ share, value: part.value });
      if (gradients) {
        accumulate(tensorsOf(gradients), tensorsOf(part.gradients));
        disposeTree(part.gradients);
      } else gradients = part.gradients;
    }
    return { parts, gradients: gradients as Params, norm: globalNorm(tensorsOf(gradients)), scale };
  } catch (error) {
    disposeTree([gradients ?? [], ...parts.map(({ value }) => value)]);
    throw error;
  }
}

function applyUpdate<Params>(
  state: TrainingState<Params>,
  { gradients, norm, scale }: Pass<Params, unknown>,
  { learningRate, adamW, ema, rateScales, decayScales }: UpdateOptions,
): void {
  const step = { learningRate, options: adamW, rateScales, decayScales };
  scope(norm.backend, () => {
    // Dividing by a power of two rounds nothing.
    const unscaled = (tensor: Tensor): Tensor => (scale === 1 ? tensor : scaleShift(tensor, { scale: 1 / scale }));
    const tree = mapTree(gradients, unscaled);
    state.optimizer = updateAdamW(state.params, tree, state.optimizer, { ...step, norm: unscaled(norm) });
  });
  if (state.ema && ema) updateEma(state.ema, state.params, emaDecay(state.optimizer.updates, ema));
  if (state.lossScale) state.lossScale = afterFinite(state.lossScale);
  state.step++;
}

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
