// The one loop under all stages: batches from where the state stands, pieces of a batch on the device, one update a batch. The
// pieces of the next batch are made while the device computes. A stage says what it trains, on what, and what it tells.
import type { ParameterRule } from "@beitjs/beit-encoder";
import { disposeTree, leaves } from "@beitjs/tensor-core";
import { restoreState } from "./checkpoint.ts";
import { preparedAhead } from "./data/ahead.ts";
import { batches, positionAt, stepsPerEpoch, type BatchOptions, type Prepare } from "./data/index.ts";
import { matchRules } from "./optimizer/parameter-rules.ts";
import { learningRateAt, weightDecayAt } from "./optimizer/recipe-schedule.ts";
import { runLength, type RunLength } from "./recipes/lengths.ts";
import type { Recipe } from "./recipes/recipe.ts";
import { isLonger, recipeDifference, type RunOptions, type StepReport } from "./run.ts";
import {
  initTrainingState,
  update,
  type MicroBatch,
  type Objective,
  type TrainingState,
  type UpdateOptions,
  type UpdateReport,
} from "./update.ts";
import { createValidator, evaluationBatch, type Evaluation, type Validator } from "./validation.ts";

/** Where in a run a piece of a batch is: it addresses all the piece's randomness, so that making it early changes nothing. */
export type PieceAddress = {
  /** Updates before this one. */
  readonly step: number;
  /** Number of the micro-batch. */
  readonly micro: number;
};

/** What a stage adds to the loop. */
export type Training<Params, Item, Piece, Value extends Objective, Facts, Scores> = {
  /** What is trained, in place. */
  readonly params: Params;
  /** Factors on the weight decay, by path. */
  readonly decay: readonly ParameterRule[];
  /** Factors on the learning rate, by path; 1 by default. */
  readonly rate?: readonly ParameterRule[] | undefined;
  /** What is kept of an image. */
  readonly prepare: Prepare<Item>;
  /** In which order images come; every one once an epoch by default. */
  readonly sampling?: BatchOptions["sampling"];
  /** How often in a row an image comes in an epoch; once by default. */
  readonly repeats?: number | undefined;
  /** What becomes of a step's batch before it is divided; it stays as it is by default. */
  readonly batch?: ((items: readonly Item[], at: { readonly step: number }) => readonly Item[]) | undefined;
  /** A micro-batch with its tensors, which are freed after the step. What else it holds, `report` still finds. */
  readonly piece: (items: readonly Item[], at: PieceAddress) => Piece | Promise<Piece>;
  /** What a piece's share of the step's loss is in proportion to; the same for all by default. */
  readonly weight?: (piece: Piece) => number;
  readonly objective: (params: Params, piece: Piece, at: PieceAddress) => Value;
  /** What the stage's reports tell beside what all tell. */
  readonly report: (results: UpdateReport, pieces: readonly Piece[], at: { readonly step: number }) => Facts;
  /** What `report` counts, which is part of the state: that of a resumed run goes on. */
  readonly tokenCounts?: Float64Array;
  /** What is measured on held-out images. */
  readonly evaluation: Evaluation<Params, Scores>;
};

/**
 * Trains by a recipe; yields a report after every update, and with it what the model scores on held-out images where that is due.
 *
 * @throws if the data does not fill a batch or the checkpoint is of another run; what reading images and making their pieces
 * throws, when their step's turn comes; as `update`. Without a report, the parameters are freed.
 */
export async function* train<Params, Item, Piece, Value extends Objective, Facts, Scores>(
  training: Training<Params, Item, Piece, Value, Facts, Scores>,
  options: RunOptions & { readonly recipe: Recipe },
): AsyncGenerator<StepReport<Params, Scores> & Facts, void, void> {
  const { recipe } = options;
  const { length, state, validator } = begin(training, options);
  const updateOptions = optionsByStep(training, recipe, length);
  const decays = recipe.adamW.weightDecayEnd !== undefined;
  let told = false;
  const report = (
    results: UpdateReport,
    { epoch, step, pieces }: Step<Piece>,
    { learningRate, adamW }: UpdateOptions,
  ): StepReport<Params, Scores> & Facts => {
    const { loss, gradientNorm } = results;
    const rates = { learningRate, ...(decays && { weightDecay: adamW.weightDecay }) };
    const common = { ...placeOf(state, length), epoch, loss, ...rates, gradientNorm, state };
    return { ...common, ...training.report(results, pieces, { step }) };
  };
  try {
    if (validator?.ended(state)) return;
    if (validator && state.unevaluated) {
      const last = await stepBefore(training, options, state);
      const made = report(state.unevaluated, last, updateOptions(last.step));
      for await (const one of evaluated(made, state, validator)) {
        told = true;
        yield one;
        if (one.ends) return;
      }
    }
    for await (const at of piecesAhead(training, options, state)) {
      const { step, pieces } = at;
      const how = updateOptions(step);
      const results = await update(state, microBatches(training, pieces, step), how).finally(() => disposeTree(pieces));
      state.unevaluated = results;
      for await (const one of evaluated(report(results, at, how), state, validator)) {
        told = true;
        yield one;
        if (one.ends) return;
      }
    }
  } finally {
    if (!told) disposeState(state);
  }
}

function placeOf({ step }: TrainingState<unknown>, { totalSteps, stepsPerEpoch }: RunLength) {
  return { step, totalSteps, endsEpoch: step % stepsPerEpoch === 0, ends: step === totalSteps };
}

// A step's report with its evaluation. Where that fails the caller gets the report without it, to save the state, and then the error.
async function* evaluated<Params, Scores, Report extends StepReport<Params, Scores>>(
  report: Report,
  state: TrainingState<Params>,
  validator: Validator<Params, Scores> | undefined,
): AsyncGenerator<Report, void, void> {
  let validation;
  try {
    validation = await validator?.evaluate(state);
  } catch (error) {
    yield { ...report, ends: false, unevaluated: true };
    throw error;
  }
  delete state.unevaluated;
  yield { ...report, ends: report.ends || validation?.ends === true, ...(validation && { validation }) };
}

// The step that the state has behind it, made again for its report.
async function stepBefore<Item, Piece>(
  training: Images<Item, Piece>,
  options: RunOptions & { readonly recipe: Recipe },
  { step }: { readonly step: number },
): Promise<Step<Piece>> {
  for await (const last of piecesAhead(training, options, { step: step - 1 })) {
    disposeTree(last.pieces);
    return last;
  }
  throw new Error(`[resume] expected images for step ${step - 1}, got none`);
}

type Begun<Params, Scores> = {
  readonly length: RunLength;
  readonly state: TrainingState<Params>;
  readonly validator: Validator<Params, Scores> | undefined;
};

// A fresh state, or one filled from a checkpoint of the same recipe. Where there is no run, nobody has the parameters.
function begin<Params, Scores>(
  {
    params,
    evaluation,
    tokenCounts,
  }: Pick<Training<Params, never, never, never, never, Scores>, "params" | "evaluation" | "tokenCounts">,
  { recipe, images, resume, validation, signal }: RunOptions & { readonly recipe: Recipe },
): Begun<Params, Scores> {
  let state: TrainingState<Params> | undefined;
  try {
    const length = runLength(recipe, images);
    const difference = resume && recipeDifference(recipe, resume.manifest.recipe, images);
    if (difference && !isLonger(recipe, resume.manifest.recipe, images))
      throw new Error(`[resume] expected the recipe of the checkpoint, but ${difference}`);
    const run = { ...length, batchSize: evaluationBatch(recipe), signal };
    const validator = validation && createValidator(evaluation, validation, run);
    state = initTrainingState(params, { average: recipe.ema !== undefined });
    if (tokenCounts) state.tokenCounts = tokenCounts;
    if (resume) restoreState(state, resume);
    validator?.check(state);
    return { length, state, validator };
  } catch (error) {
    if (state) disposeState(state);
    else disposeTree(params);
    throw error;
  }
}

function disposeState({ trees }: TrainingState<unknown>): void {
  disposeTree(trees.map(({ tree }) => tree));
}

// Rate and decay of every parameter, from rules by path.
function optionsByStep(
  { params, decay, rate }: Pick<Training<unknown, never, never, never, never, never>, "params" | "decay" | "rate">,
  recipe: Recipe,
  length: RunLength,
): (step: number) => UpdateOptions {
  const { adamW, ema } = recipe;
  const [rateAt, weightDecay] = [learningRateAt(recipe, length), weightDecayAt(recipe, length)];
  const paths = leaves(params).map(([path]) => path);
  const decayScales = matchRules(paths, decay);
  const rateScales = rate ? matchRules(paths, rate) : paths.map(() => 1);
  return (step) => ({
    learningRate: rateAt(step),
    ema,
    adamW: { ...adamW, weightDecay: weightDecay(step) },
    rateScales,
    decayScales,
  });
}

/** What a stage says of its images. */
type Images<Item, Piece> = Pick<
  Training<never, Item, Piece, never, never, never>,
  "prepare" | "piece" | "batch" | "sampling" | "repeats"
>;

/** The pieces of a step's batch. */
type Step<Piece> = { readonly epoch: number; readonly step: number; readonly pieces: readonly Piece[] };

// The steps from where the state stands; the pieces of the next one are made while the caller waits for its device.
function piecesAhead<Item, Piece>(
  { prepare, piece, batch = (items) => items, sampling = "uniform", repeats = 1 }: Images<Item, Piece>,
  { recipe, images, signal }: RunOptions & { readonly recipe: Recipe },
  state: { readonly step: number },
): AsyncGenerator<Step<Piece>, void, void> {
  const { seed, batchSize, epochs, microBatches: count } = recipe;
  const perEpoch = stepsPerEpoch(images, { batchSize });
  const start = positionAt(state.step, perEpoch);
  const order = { seed, sampling, repeats };
  const source = batches(images, prepare, { batchSize, ...order, start, epochs, ...(signal && { signal }) });
  const size = batchSize / count;
  return preparedAhead(
    source,
    async ({ epoch, step: inEpoch, items: prepared }) => {
      const step = epoch * perEpoch + inEpoch;
      const items = batch(prepared, { step });
      const parts = Array.from({ length: count }, (_, micro) => items.slice(micro * size, (micro + 1) * size));
      const pieces = await allOrNone(parts.map(async (part, micro) => piece(part, { step, micro })));
      return { epoch, step, pieces };
    },
    ({ pieces }) => disposeTree(pieces),
  );
}

function microBatches<Params, Piece, Value extends Objective>(
  { objective, weight = () => 1 }: Pick<Training<Params, never, Piece, Value, never, never>, "objective" | "weight">,
  pieces: readonly Piece[],
  step: number,
): MicroBatch<Params, Value>[] {
  const total = pieces.reduce((sum, piece) => sum + weight(piece), 0);
  return pieces.map((piece, micro) => ({
    share: weight(piece) / total,
    objective: (tracked: Params) => objective(tracked, piece, { step, micro }),
  }));
}

// Where one fails, what the others made is freed.
async function allOrNone<T>(works: readonly Promise<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(works);
  const made = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = settled.find((one) => one.status === "rejected");
  if (!failed) return made;
  disposeTree(made);
  throw failed.reason;
}
