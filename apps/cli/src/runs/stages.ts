// What a stage is, said once: how it is trained, what is recorded and said of a step, what its model is and sees, and how it is
// measured. Commands and the demo read it here; another stage is another entry.
import { gridOf, predictedTokens, type Beit, type ClassifierOptions } from "@beitjs/beit-encoder";
import { collapseWarning, type TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import {
  evaluateClassifier,
  evaluateGaussian,
  evaluateGaussianBound,
  evaluateMultiLabel,
  evaluatePixels,
  evaluatePretraining,
  evaluateTokenizer,
  evaluateTokenizerBound,
  gaussianMetrics,
  masksOf,
  metricsOf,
  pretrainingMetricsOf,
  tokenizerMetrics,
  fineTune,
  fineTuneMetrics,
  pixelEvalView,
  pretrain,
  requireLabels,
  trainGaussianVae,
  tokenEvalView,
  trainTokenizer,
  type ClassifierScores,
  type Dataset,
  type DecodedCheckpoint,
  type EvalViewOptions,
  type FineTuneReport,
  type GaussianReport,
  type GaussianScores,
  type MaskedScores,
  type Metrics,
  type MultiLabelScores,
  type PretrainReport,
  type Recipe,
  type RecipeOf,
  type ReconstructionScores,
  type RunOptions,
  type StageName,
  type StepReport,
  type TokenizerReport,
  type TokenizerScores,
} from "@beitjs/trainers";
import { beitOf, gaussianVaeOf, tokenizerOf, type OpeningOptions } from "../models/from-checkpoint.ts";
import type { Cell } from "../files/csv.ts";
import { classifierDetails, classifierSections, classifierTable } from "../report/classifier-figures.ts";
import type { Html } from "../report/html.ts";
import type { ModelKind } from "../models/kind.ts";
import { refuseOtherClasses } from "../models/labels.ts";
import { formatAccuracy, formatLogarithm, formatLoss, formatPixelLoss, formatShare } from "./expectations.ts";
import { multiLabelFigures } from "./multi-label-figures.ts";
import { codebookFigures, gaussianFigures, withReconstructions } from "./reconstruction-figures.ts";
import type { TrainingLoop } from "./training-run.ts";

/** What a stage's loop takes beside images and recipe, what it reports, and what is measured of its model. */
type Kinds = { readonly takes: unknown; readonly report: StepReport<unknown>; readonly scores: unknown };
type OfEveryStage<Types extends Readonly<Record<StageName, Kinds>>> = Types;
type Types = OfEveryStage<{
  readonly tokenizer: { readonly takes: unknown; readonly report: TokenizerReport; readonly scores: TokenizerScores };
  readonly gaussian: { readonly takes: unknown; readonly report: GaussianReport; readonly scores: GaussianScores };
  readonly pretrain: {
    readonly takes: { readonly tokenizer?: TokenizerEncoder; readonly from?: Beit };
    readonly report: PretrainReport;
    readonly scores: MaskedScores;
  };
  readonly "fine-tune": {
    readonly takes: { readonly from?: Beit; readonly head?: ClassifierOptions["head"] | undefined };
    readonly report: FineTuneReport;
    readonly scores: (ClassifierScores | MultiLabelScores) & { readonly classes: readonly string[] };
  };
}>;

export type LoopOptions<Name extends StageName> = RunOptions & { readonly recipe: RecipeOf<Name> } & Types[Name]["takes"];

export type ReportOf<Name extends StageName> = Types[Name]["report"];

/** Figures of a model as values, and for people, with what to expect. */
export type Figures = {
  readonly values: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  /** More lines, where all of it is wanted. */
  readonly details?: readonly string[];
  /** As rows of a table, the first with its columns' names, where values by name are not enough. */
  readonly table?: readonly (readonly Cell[])[];
  /** As sections of a page, with pictures of the images that were measured on. */
  readonly sections?: (images: Dataset) => Promise<readonly Html[]>;
};

export type Measured<Name extends StageName> = {
  readonly checkpoint: DecodedCheckpoint;
  readonly recipe: RecipeOf<Name>;
  readonly images: Dataset;
  readonly backend: Backend;
  /** How many wrong answers to tell of; none by default. */
  readonly mistakes?: number;
  /** Opens the tokenizer whose tokens the model predicts. */
  readonly tokenizer: () => Promise<TokenizerEncoder>;
  /** Another image size than the checkpoint's. */
  readonly opening?: OpeningOptions;
  /** Images at a time. */
  readonly batchSize?: number;
};

type Stage<Name extends StageName> = Omit<TrainingLoop<Types[Name]["report"]>, "recipe" | "images" | "train"> & {
  readonly train: (options: LoopOptions<Name>) => AsyncGenerator<Types[Name]["report"], void, void>;
  /** What its checkpoints are to a command that takes a model. */
  readonly kind?: ModelKind;
  /** What its model sees of an image, where nothing is random. */
  readonly view: (recipe: RecipeOf<Name>) => EvalViewOptions;
  readonly evaluate: (measured: Measured<Name>) => Promise<Types[Name]["scores"]>;
  /** What only `beit evaluate` tells of an autoencoder, beside its scores. */
  readonly reconstructions?: (measured: Measured<Name>) => Promise<ReconstructionScores>;
  /** By what its checkpoints are compared, the usual one first. */
  readonly judgedBy: (recipe: RecipeOf<Name>) => Metrics<Types[Name]["scores"]>;
  readonly figures: (scores: Types[Name]["scores"], recipe: RecipeOf<Name>) => Figures;
};

const batchOf = ({ batchSize }: { readonly batchSize?: number }) => (batchSize === undefined ? {} : { batchSize });

const tokenView = ({ views }: RecipeOf<"tokenizer" | "gaussian" | "pretrain">): EvalViewOptions =>
  tokenEvalView(views.channels, views.tokenSize);

function maskedLines(loss: number, accuracy: number, vocabSize: number): readonly [loss: string, accuracy: string] {
  return [formatLoss(loss, vocabSize), formatAccuracy(accuracy, vocabSize)];
}

export const stages: { readonly [Name in StageName]: Stage<Name> } = {
  tokenizer: {
    train: trainTokenizer,
    model: ({ tokenizer }) => tokenizer.config,
    metrics: ({ reconstruction, kl, balance, temperature, usage: { perplexity, used } }) => ({
      ...{ reconstruction, kl, balance, temperature, perplexity },
      tokensInUse: used,
    }),
    describe: ({ loss, reconstruction, kl, usage: { used, vocabSize, perplexity } }) =>
      `loss ${loss.toFixed(4)}, reconstruction ${reconstruction.toFixed(4)}, KL ${kl.toFixed(2)} (0 to ${formatLogarithm(vocabSize)}), ` +
      `${used} of ${vocabSize} tokens in use, perplexity ${perplexity.toFixed(1)}`,
    // Few tokens are in use before the first hundred steps whatever comes later.
    warning: ({ step, usage }) => (step >= 100 ? collapseWarning(usage) : undefined),
    kind: "tokenizer",
    view: tokenView,
    evaluate: ({ checkpoint, recipe, images, backend, ...rest }) =>
      evaluateTokenizer(tokenizerOf(checkpoint, backend), images, { view: tokenView(recipe), ...batchOf(rest) }),
    reconstructions: ({ checkpoint, recipe, images, backend, ...rest }) =>
      evaluateTokenizerBound(tokenizerOf(checkpoint, backend), images, { view: tokenView(recipe), ...batchOf(rest) }),
    judgedBy: () => tokenizerMetrics,
    figures: codebookFigures,
  },
  gaussian: {
    train: trainGaussianVae,
    model: ({ vae }) => vae.config,
    metrics: ({ reconstruction, kl }) => ({ reconstruction, kl }),
    describe: ({ loss, reconstruction, kl }) =>
      `loss ${loss.toFixed(4)}, reconstruction ${reconstruction.toFixed(4)}, KL ${kl.toFixed(2)} per image (0: latents say nothing)`,
    view: tokenView,
    evaluate: ({ checkpoint, recipe, images, backend, ...rest }) =>
      evaluateGaussian(gaussianVaeOf(checkpoint, backend), images, { view: tokenView(recipe), ...batchOf(rest) }),
    reconstructions: ({ checkpoint, recipe, images, backend, ...rest }) =>
      evaluateGaussianBound(gaussianVaeOf(checkpoint, backend), images, { view: tokenView(recipe), ...batchOf(rest) }),
    judgedBy: () => gaussianMetrics,
    figures: gaussianFigures,
  },
  pretrain: {
    train: pretrain,
    model: ({ beit }) => beit.config,
    metrics: ({ accuracy, visibleAccuracy, maskedPatches }) => ({
      ...(accuracy !== undefined && { accuracy }),
      ...(visibleAccuracy !== undefined && { visibleAccuracy }),
      maskedPatches,
    }),
    describe: ({ loss, accuracy, beit: { config } }) =>
      accuracy === undefined ? `loss ${loss.toFixed(4)} (pixels)` : maskedLines(loss, accuracy, predictedTokens(config)).join(", "),
    kind: "beit",
    view: ({ views }) => pixelEvalView(views),
    evaluate: async ({ checkpoint, recipe, images, backend, tokenizer, opening, ...rest }) => {
      const { views } = recipe;
      const beit = beitOf(checkpoint, backend, opening);
      const pixelView = pixelEvalView({ ...views, pixelSize: beit.config.imageSize });
      const options = { ...recipe, mask: masksOf(recipe, gridOf(beit.config)), pixelView, ...batchOf(rest) };
      if (recipe.target === "pixels") return evaluatePixels(beit, images, options);
      const opened = await tokenizer();
      const tokens = { ...recipe, views: { ...views, tokenSize: opened.config.imageSize } };
      return evaluatePretraining(beit, opened, images, { ...options, tokenView: tokenView(tokens) });
    },
    judgedBy: pretrainingMetricsOf,
    figures: (scores, { model: { vocabSize }, pixels }) => {
      if ("pixelError" in scores) {
        const error = `hidden pixels: mean squared error ${scores.pixelError.toFixed(4)}, in the values that the encoder sees`;
        return { values: scores, lines: [formatPixelLoss(scores.loss, pixels), error] };
      }
      const [loss, accuracy] = maskedLines(scores.loss, scores.accuracy, vocabSize);
      const { visibleAccuracy } = scores;
      const visible = visibleAccuracy === undefined ? [] : [`visible patches: accuracy ${formatShare(visibleAccuracy)}`];
      return { values: scores, lines: [loss, `masked patches: ${accuracy}`, ...visible] };
    },
  },
  "fine-tune": {
    train: fineTune,
    model: ({ beit }) => beit.config,
    metrics: ({ accuracy }) => ({ accuracy }),
    describe: ({ loss, accuracy, labels, beit: { config } }) => {
      // A yes or no for every class, or one of them.
      const choices = labels === "multi" ? 2 : config.classes;
      return `${formatLoss(loss, choices)}, ${formatAccuracy(accuracy, choices)}`;
    },
    kind: "beit",
    view: ({ evalView }) => evalView,
    evaluate: async ({ checkpoint, recipe, images, backend, opening, mistakes = 0, ...rest }) => {
      const classes = requireLabels(images, recipe.labels);
      refuseOtherClasses(checkpoint, classes);
      const beit = beitOf(checkpoint, backend, opening);
      const view = { ...recipe.evalView, size: beit.config.imageSize };
      const measure = recipe.labels === "multi" ? evaluateMultiLabel : evaluateClassifier;
      return { ...(await measure(beit, images, { view, mistakes, ...batchOf(rest) })), classes };
    },
    judgedBy: ({ labels }) => fineTuneMetrics(labels),
    figures: (scores) => {
      if ("meanAveragePrecision" in scores) return multiLabelFigures(scores);
      return {
        values: scores,
        lines: [
          formatAccuracy(scores.accuracy, scores.classes.length),
          ...(scores.top5 === undefined ? [] : [`top 5 ${formatShare(scores.top5)}`]),
        ],
        details: classifierDetails(scores),
        table: classifierTable(scores),
        sections: (images) => classifierSections(scores, images),
      };
    },
  },
};

export const stageNames = Object.keys(stages) as unknown as readonly [StageName, ...StageName[]];

/** The stages whose checkpoints are models of a kind; of any kind by default. */
export function stagesOfKind(kind?: ModelKind): readonly StageName[] {
  return stageNames.filter((name) => (kind ? stages[name].kind === kind : stages[name].kind !== undefined));
}

/** What checkpoints of a recipe can be compared by, the usual one first. */
export function metricNames(recipe: Recipe): readonly string[] {
  const namesOf = <Name extends StageName>(name: Name, one: RecipeOf<Name>) => Object.keys(stages[name].judgedBy(one));
  return namesOf(recipe.stage, recipe);
}

/** What a run of a stage is, from the arguments of its loop. */
export function loopOf<Name extends StageName>(
  name: Name,
  options: LoopOptions<Name>,
): TrainingLoop<Types[Name]["report"]> {
  const stage: Stage<Name> = stages[name];
  return {
    ...stage,
    recipe: options.recipe,
    images: options.images,
    train: (resume) => stage.train({ ...options, ...(resume && { resume }) }),
  };
}

/** What the model of a recipe sees of an image, where nothing is random. */
export function evalViewOf(recipe: Recipe): EvalViewOptions {
  const viewOf = <Name extends StageName>(name: Name, one: RecipeOf<Name>) => stages[name].view(one);
  return viewOf(recipe.stage, recipe);
}

/** Scores in words, with what to expect. */
export function inWords<Name extends StageName>(
  name: Name,
  scores: Types[Name]["scores"],
  recipe: RecipeOf<Name>,
): string {
  return stages[name].figures(scores, recipe).lines.join(", ");
}

/** Measures the model of a checkpoint. */
export async function figuresOf<Name extends StageName>(name: Name, measured: Measured<Name>): Promise<Figures> {
  const stage: Stage<Name> = stages[name];
  const figures = stage.figures(await stage.evaluate(measured), measured.recipe);
  return stage.reconstructions ? withReconstructions(figures, await stage.reconstructions(measured)) : figures;
}

/** The same as numbers by name, and in words. */
export async function measuredMetrics<Name extends StageName>(
  name: Name,
  measured: Measured<Name>,
): Promise<{ readonly values: Readonly<Record<string, number>>; readonly words: string }> {
  const stage: Stage<Name> = stages[name];
  const scores = await stage.evaluate(measured);
  return { values: metricsOf(stage.judgedBy(measured.recipe), scores), words: inWords(name, scores, measured.recipe) };
}
