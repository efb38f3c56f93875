// What a model that is no run of ours can do on images; there is no recipe, so that what a recipe would say is the model's own or the
// paper's.
import { patchCount, predictedTokens, predictionOf } from "@beitjs/beit-encoder";
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import {
  evaluateClassifier,
  evaluateMultiLabel,
  evaluatePixels,
  evaluatePretraining,
  evaluateTokenizer,
  evaluateTokenizerBound,
  fineTuneBase,
  pixelEvalView,
  tokenEvalView,
  pretrainBase,
  type Dataset,
  type MaskedOptions,
  type MaskedScores,
  type StageName,
} from "@beitjs/trainers";
import { autoencoderMask, paperMask } from "../masked/choice.ts";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import { codebookFigures, withReconstructions } from "../runs/reconstruction-figures.ts";
import { stages, type Figures } from "../runs/stages.ts";
import { matchClasses } from "./class-match.ts";
import { modelKind } from "./kind.ts";
import { readLabels } from "./labels.ts";
import { openEncoder, type OpenedEncoder, type OpenEncoderOptions } from "./open-beit.ts";
import { openTokenizer, type OpenTokenizerOptions } from "./open-tokenizer.ts";
import type { FoundModel } from "./sources.ts";

export type ForeignFigures = Figures & {
  /** The stage that such a model comes from. */
  readonly stage: StageName;
  /** What it is, beside its figures. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** What was assumed. */
  readonly notes: readonly string[];
};

export type ForeignOptions = OpenEncoderOptions &
  OpenTokenizerOptions & {
    readonly data: string;
    /** Opens the images, as files of so many channels. */
    readonly images: (channels: number) => Promise<Dataset>;
    readonly batchSize: number | undefined;
    /** How many wrong answers to tell of. */
    readonly mistakes: number;
    readonly labels: string | undefined;
    /** Opens the tokenizer whose tokens a pre-training model predicts. */
    readonly tokenizer: () => Promise<TokenizerEncoder>;
  };

// Of models of any size; runs of ours have their own.
const usualBatch = 16;

/** Measures a model of any origin by what it is. */
export async function foreignFigures(
  found: FoundModel,
  backend: Backend,
  options: ForeignOptions,
  context: Context,
): Promise<ForeignFigures> {
  if ((await modelKind(found)) === "tokenizer") return tokenizerFigures(found, backend, options, context);
  const opened = await openEncoder(found, backend, options, context);
  const { config } = opened.beit;
  if (config.classes > 0) return classifierFigures(opened, options);
  if (predictionOf(config) !== "nothing") return pretrainingFigures(opened, options);
  throw usageError(`${opened.path} is a model without a head: there is nothing to measure; fine-tune it first`);
}

async function classifierFigures(opened: OpenedEncoder, options: ForeignOptions): Promise<ForeignFigures> {
  const { beit, view, path } = opened;
  const { classes } = beit.config;
  const labels = options.labels === undefined ? opened.labels : await readLabels(options.labels, classes);
  const all = await options.images(beit.config.channels);
  // The model's own word, or images that one class each would not do for.
  const several = opened.multiLabel === true || all.labels !== undefined;
  const classifier = { name: path, classes, labels, several };
  const { images, by, note } = matchClasses(all, options.data, classifier);
  const measure = several ? evaluateMultiLabel : evaluateClassifier;
  const scores = await measure(beit, images, {
    view,
    batchSize: options.batchSize ?? usualBatch,
    mistakes: options.mistakes,
  });
  const figures = stages["fine-tune"].figures(
    { ...scores, classes: images.classes ?? [] },
    {
      ...fineTuneBase,
      labels: several ? "multi" : "single",
      model: beit.config,
    },
  );
  return {
    stage: "fine-tune",
    ...figures,
    facts: { ...factsOf(opened), imageSize: view.size, classesBy: by, labels: several ? "multi" : "single" },
    notes: [...(several ? [severalNote(opened)] : []), ...(note === undefined ? [] : [note])],
  };
}

function severalNote({ multiLabel, path }: OpenedEncoder): string {
  const why = multiLabel ? `as ${path} says` : "as the images may have several";
  return `labels: any number an image, ${why}; a yes or no for every class`;
}

async function pretrainingFigures(opened: OpenedEncoder, options: ForeignOptions): Promise<ForeignFigures> {
  const { beit, preprocessing } = opened;
  const { imageSize } = beit.config;
  const { mean, std } = preprocessing;
  const channels = mean.length;
  const patches = patchCount(beit.config);
  const mask = beit.config.decoder ? autoencoderMask(patches) : paperMask(patches);
  // Both see the same center of an image.
  const pixelView = pixelEvalView({ channels, pixelSize: imageSize, mean, std });
  const measured = { mask, seed: pretrainBase.seed, pixelView, batchSize: options.batchSize ?? usualBatch };
  const scores = await maskedScores(opened, options, measured, channels);
  const recipe = { ...pretrainBase, model: { ...pretrainBase.model, vocabSize: predictedTokens(beit.config) } };
  const paper = beit.config.decoder ? "He et al. have them" : "the paper's";
  return {
    stage: "pretrain",
    ...stages.pretrain.figures(scores, recipe),
    facts: { ...factsOf(opened), imageSize, mask },
    notes: [`masks: ${mask.kind}, ${mask.count} of ${patches} patches, as ${paper}`],
  };
}

async function maskedScores(
  { beit }: OpenedEncoder,
  options: ForeignOptions,
  measured: MaskedOptions,
  channels: number,
): Promise<MaskedScores> {
  const images = await options.images(channels);
  if (predictionOf(beit.config) === "pixels") return evaluatePixels(beit, images, measured);
  const tokenizer = await options.tokenizer();
  const tokenView = tokenEvalView(channels, tokenizer.config.imageSize);
  return evaluatePretraining(beit, tokenizer, images, { ...measured, tokenView });
}

async function tokenizerFigures(
  found: FoundModel,
  backend: Backend,
  options: ForeignOptions,
  context: Context,
): Promise<ForeignFigures> {
  const opened = await openTokenizer(found, backend, options, context);
  const { config } = opened.tokenizer;
  const view = tokenEvalView(config.channels, config.imageSize);
  const batchSize = options.batchSize ?? usualBatch;
  const images = await options.images(config.channels);
  const figures = codebookFigures(await evaluateTokenizer(opened.tokenizer, images, { view, batchSize }));
  const bound = await evaluateTokenizerBound(opened.tokenizer, images, { view, batchSize });
  return {
    stage: "tokenizer",
    ...withReconstructions(figures, bound),
    facts: { ...factsOf(opened), imageSize: config.imageSize },
    notes: [],
  };
}

function factsOf({
  origin,
  path,
  sha256,
}: {
  readonly origin: string;
  readonly path: string;
  readonly sha256: string;
}) {
  return { model: path, origin, sha256 };
}
