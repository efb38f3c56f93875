// What a trained model can do on images it was not trained on; which figures depends on what it was trained for.
import type { BeitConfig } from "@beitjs/beit-encoder";
import type { Backend } from "@beitjs/tensor-core";
import {
  evaluateClassifier,
  evaluatePretraining,
  evaluateTokenizer,
  requireLabels,
  type Dataset,
  type FineTuneRecipe,
  type PretrainRecipe,
  type Recipe,
} from "@beitjs/trainers";
import type { LoadedCheckpoint } from "@beitjs/trainers/node";
import { inferenceFlags, openBackend } from "../backends/open.ts";
import { choice, defineCommand, optional, required, type Context } from "../program/command.ts";
import { evaluateGaussian } from "../runs/evaluate-gaussian.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { formatAccuracy, formatLoss, formatShare } from "../runs/expectations.ts";
import { imageFlags, interruptible, openImages, testSplit } from "../images/images.ts";
import { openTokenizing } from "../models/open.ts";
import { beitOf, gaussianVaeOf, openCheckpoint, stageOf, tokenizerOf } from "../models/checkpoint.ts";
import { writeResult } from "../runs/folder.ts";
import { pixelEvalView, tokenEvalView } from "../images/eval-views.ts";

type Scores = { readonly values: Readonly<Record<string, unknown>>; readonly lines: readonly string[] };

export const evaluateCommand = defineCommand({
  name: "evaluate",
  summary: "Measure a tokenizer, a pre-trained BEiT or a classifier on images",
  example: "beit evaluate runs/finetune --data photos",
  argument: "checkpoint",
  flags: {
    checkpoint: required("checkpoint", "checkpoint or run folder"),
    ...imageFlags,
    split: choice(["auto", "train", "test"], "part of the data; auto: test where there is one", "auto"),
    tokenizer: optional(
      "model",
      "for a pre-trained BEiT: its tokenizer, or small (default: the one it was trained with)",
    ),
    out: optional("file", "write the figures as JSON"),
    ...inferenceFlags,
  },
  async run(flags, context) {
    const { terminal } = context;
    const checkpoint = await openCheckpoint(
      flags.checkpoint,
      ["tokenizer", "gaussian", "pretrain", "fine-tune"],
      context,
    );
    const split = flags.split === "auto" ? await testSplit(flags.data) : flags.split;
    const { images, skipped } = await openImages(flags.data, { split, skipBad: flags.skipBad }, context);
    const { backend } = await openBackend(flags, context);
    const { values, lines } = await scoresOf(checkpoint, interruptible(images, context), {
      backend,
      tokenizer: flags.tokenizer,
      context,
    });
    const result = {
      stage: stageOf(checkpoint),
      checkpoint: checkpoint.path,
      step: checkpoint.manifest.step,
      split,
      images: images.length,
      skippedImages: skipped.length,
      ...values,
    };
    for (const line of lines) terminal.result(line);
    terminal.event("scores", result);
    if (flags.out !== undefined) await writeResult(flags.out, `${JSON.stringify(result, null, 2)}\n`);
    return exitCodes.done;
  },
});

type Setting = { readonly backend: Backend; readonly tokenizer: string | undefined; readonly context: Context };

function scoresOf(checkpoint: LoadedCheckpoint, images: Dataset, setting: Setting): Promise<Scores> {
  const stage = stageOf(checkpoint);
  if (stage === "fine-tune") return classifierScores(checkpoint, images, setting);
  if (stage === "pretrain") return pretrainingScores(checkpoint, images, setting);
  return stage === "gaussian"
    ? gaussianScores(checkpoint, images, setting)
    : tokenizerScores(checkpoint, images, setting);
}

async function classifierScores(checkpoint: LoadedCheckpoint, images: Dataset, { backend }: Setting): Promise<Scores> {
  const { evalView } = checkpoint.manifest.recipe as FineTuneRecipe;
  const classes = requireLabels(images);
  refuseOtherClasses(checkpoint, classes);
  const { accuracy, top5, confusion } = await evaluateClassifier(beitOf(checkpoint, backend), images, {
    view: evalView,
  });
  const lines = [formatAccuracy(accuracy, classes.length), `top 5 ${formatShare(top5)}`];
  return { values: { accuracy, top5, classes, confusion }, lines };
}

// Class number 3 must mean the same as in training.
function refuseOtherClasses({ manifest }: LoadedCheckpoint, classes: readonly string[]): void {
  const identity = manifest.run?.["identity"] as { data?: { classes?: readonly string[] | null } } | undefined;
  const trained = identity?.data?.classes;
  const count = (manifest.model as BeitConfig).classes;
  if (classes.length !== count)
    throw usageError(
      `expected images of the classifier's ${count} classes, got ${classes.length}: ${classes.join(", ")}`,
    );
  const at = trained ? classes.findIndex((name, label) => name !== trained[label]) : -1;
  if (trained && at >= 0)
    throw usageError(
      `expected the classes of training, but class ${at} is "${classes[at]}" here and "${trained[at]}" there`,
    );
}

async function pretrainingScores(
  checkpoint: LoadedCheckpoint,
  images: Dataset,
  { backend, tokenizer, context }: Setting,
): Promise<Scores> {
  const recipe = checkpoint.manifest.recipe as PretrainRecipe;
  const path = tokenizer ?? checkpoint.manifest.run?.["tokenizer"];
  if (typeof path !== "string")
    throw usageError("expected --tokenizer for a checkpoint that does not name its tokenizer");
  const { mask, seed, model, views } = recipe;
  const opened = await openTokenizing(path, backend, {}, context);
  const { loss, accuracy, maskedPatches } = await evaluatePretraining(
    beitOf(checkpoint, backend),
    opened.tokenizer,
    images,
    {
      mask,
      seed,
      pixelView: pixelEvalView(recipe),
      tokenView: tokenEvalView(views.channels, views.tokenSize),
    },
  );
  const lines = [formatLoss(loss, model.vocabSize), `masked patches: ${formatAccuracy(accuracy, model.vocabSize)}`];
  return { values: { loss, accuracy, maskedPatches }, lines };
}

async function tokenizerScores(checkpoint: LoadedCheckpoint, images: Dataset, { backend }: Setting): Promise<Scores> {
  const { channels, imageSize } = (checkpoint.manifest.recipe as Extract<Recipe, { stage: "tokenizer" }>).model;
  const view = tokenEvalView(channels === 1 ? 1 : 3, imageSize);
  const { meanAbsoluteError, usage } = await evaluateTokenizer(tokenizerOf(checkpoint, backend), images, { view });
  const { used, vocabSize, perplexity, tokens } = usage;
  const lines = [
    `mean absolute error ${meanAbsoluteError.toFixed(4)} (pixels in [-1, 1])`,
    `codebook: ${used} of ${vocabSize} tokens in use, perplexity ${perplexity.toFixed(1)} (1 to ${vocabSize}), over ${tokens} tokens`,
  ];
  return { values: { meanAbsoluteError, usage }, lines };
}

async function gaussianScores(checkpoint: LoadedCheckpoint, images: Dataset, { backend }: Setting): Promise<Scores> {
  const vae = gaussianVaeOf(checkpoint, backend);
  const { channels, imageSize } = vae.config;
  const meanAbsoluteError = await evaluateGaussian(
    vae,
    images,
    backend,
    tokenEvalView(channels === 1 ? 1 : 3, imageSize),
  );
  return {
    values: { meanAbsoluteError },
    lines: [`mean absolute error ${meanAbsoluteError.toFixed(4)} (pixels in [-1, 1], from the posterior means)`],
  };
}
