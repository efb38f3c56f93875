// Held-out images, looked at now and then while a model is trained: what it scores on them, which of its states was the best, and when
// there is no use in going on. What is known of it is part of the training state: a resumed run decides as the whole one.
import type { Dataset } from "./data/index.ts";
import type { Recipe } from "./recipes/recipe.ts";
import type { TrainingState } from "./update.ts";

/** A length of training: optimizer steps, or passes over the data. */
export type Interval = { readonly steps: number } | { readonly epochs: number };

export type ValidationOptions = {
  /** Images that are not trained on. */
  readonly images: Dataset;
  /** How often; every epoch by default. The last step is always evaluated. */
  readonly every?: Interval;
  /** The metric that decides which state is the best; the first of the stage's by default. */
  readonly metric?: string;
  /** Ends the run after so many evaluations in a row that were not better than the best before. */
  readonly patience?: number;
  /** Whether anything is decided by these images; false for test images, of which only the scores are told. */
  readonly decides?: boolean;
};

/** A number among scores, by which models are compared. */
export type Metric<Scores> = { readonly better: "higher" | "lower"; readonly of: (scores: Scores) => number };
/** By name, the usual one first. */
export type Metrics<Scores> = Readonly<Record<string, Metric<Scores>>>;

/** How the models of a stage are measured. */
export type Evaluation<Params, Scores> = {
  readonly scores: (
    params: Params,
    images: Dataset,
    options: { readonly batchSize: number; readonly signal?: AbortSignal },
  ) => Promise<Scores>;
  readonly metrics: Metrics<Scores>;
};

/** What a report tells of the held-out images, where its step was evaluated. */
export type Validation<Scores> = {
  /** Of the weights as the step left them. */
  readonly scores: Scores;
  /** The same as numbers by the names of the stage's metrics. */
  readonly values: Numbers;
  /** Of the average of the weights, where the recipe has `ema`; it decides then which state is the best. */
  readonly emaScores?: Scores;
  readonly emaValues?: Numbers;
  /** Better than every evaluation before. */
  readonly best: boolean;
  /** The patience is used up: this is the last report. */
  readonly ends: boolean;
};

type Numbers = Readonly<Record<string, number>>;

/** What a training state knows of its evaluations. */
export type ValidationState = {
  readonly metric: string;
  readonly best?: {
    readonly step: number;
    readonly value: number;
    /** All metrics of the step. */
    readonly values: Numbers;
    readonly emaValues?: Numbers;
  };
  /** Evaluations after the best one. */
  readonly sinceBest: number;
};

type Run = {
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  /** Images at a time. */
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
};

export type Validator<Params, Scores> = {
  /** @throws if a state was judged by another metric before: values of two cannot be compared */
  readonly check: (state: TrainingState<Params>) => void;
  /** Whether the patience is used up. */
  readonly ended: (state: TrainingState<Params>) => boolean;
  /** Evaluates a state whose turn it is, and notes in it what came out. */
  readonly evaluate: (state: TrainingState<Params>) => Promise<Validation<Scores> | undefined>;
};

/** @throws for a metric that the stage has not, an interval or a patience that is none */
export function createValidator<Params, Scores>(
  { scores: scoresOf, metrics }: Evaluation<Params, Scores>,
  {
    images,
    every = { epochs: 1 },
    metric = Object.keys(metrics)[0],
    patience = Infinity,
    decides = true,
  }: ValidationOptions,
  { totalSteps, stepsPerEpoch, batchSize, signal }: Run,
): Validator<Params, Scores> {
  const interval = stepsOf(every, stepsPerEpoch);
  checkMetric(metric, metrics);
  if (!(patience >= 1))
    throw new RangeError(`[validation] expected patience of at least 1 evaluation, got ${patience}`);
  const ended = ({ validation }: TrainingState<Params>) => decides && (validation?.sinceBest ?? 0) >= patience;
  const options = { batchSize, ...(signal && { signal }) };
  return {
    ended,
    check: ({ validation }) => decides && checkSame(metric, validation?.metric),
    async evaluate(state) {
      const { step, params, ema } = state;
      if (step % interval !== 0 && step !== totalSteps) return undefined;
      const scores = await scoresOf(params, images, options);
      const emaScores = ema && (await scoresOf(ema, images, options));
      const numbers = {
        values: metricsOf(metrics, scores),
        ...(emaScores && { emaValues: metricsOf(metrics, emaScores) }),
      };
      const told = { scores, ...(emaScores && { emaScores }), ...numbers };
      if (!decides) return { ...told, best: false, ends: false };
      const known = state.validation ?? { metric, sinceBest: 0 };
      const { better, of } = metrics[metric];
      const value = of(emaScores ?? scores);
      const best = isBetter(value, known.best?.value, better);
      state.validation = best
        ? { metric, best: { step, value, ...numbers }, sinceBest: 0 }
        : { ...known, sinceBest: known.sinceBest + 1 };
      return { ...told, best, ends: ended(state) };
    },
  };
}

/**
 * Images to evaluate at a time: without gradients the activations of one block are held, not those of all, so it can be more than a
 * micro-batch of training.
 */
export function evaluationBatch({ batchSize, microBatches }: Pick<Recipe, "batchSize" | "microBatches">): number {
  const micro = batchSize / microBatches;
  return Math.max(micro, Math.min(100, 4 * micro));
}

/** All metrics of scores, by name. */
export function metricsOf<Scores>(metrics: Metrics<Scores>, scores: Scores): Numbers {
  return Object.fromEntries(Object.entries(metrics).map(([name, { of }]) => [name, of(scores)]));
}

function checkSame(metric: string, known: string | undefined): void {
  if (known === undefined || known === metric) return;
  throw new Error(`[resume] expected the metric of the checkpoint, as the best so far is by ${known}, got ${metric}`);
}

function checkMetric(metric: string, metrics: Metrics<never>): void {
  if (Object.hasOwn(metrics, metric)) return;
  throw new RangeError(`[validation] expected metric to be ${Object.keys(metrics).join(" or ")}, got ${metric}`);
}

function stepsOf(every: Interval, stepsPerEpoch: number): number {
  const [length, least] = "steps" in every ? [every.steps, 1] : [every.epochs * stepsPerEpoch, Number.MIN_VALUE];
  if (!(length >= least && Number.isFinite(length)))
    throw new RangeError(`[validation] expected every to be at least a step, got ${JSON.stringify(every)}`);
  return Math.max(1, Math.round(length));
}

function isBetter(value: number, best: number | undefined, better: "higher" | "lower"): boolean {
  if (!Number.isFinite(value)) return false;
  return best === undefined || (better === "higher" ? value > best : value < best);
}
