// Figures of a demo from its stages: means over seeds, closing means of the curves, parameters, steps.
import { valueCount } from "@beitjs/tensor-core";
import { collapseWarning, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { parameterCount, predictedTokens, type Beit } from "@beitjs/beit-encoder";
import type { MaskStatistics } from "@beitjs/masking";
import {
  totalSteps,
  type ClassifierScores,
  type FineTuneRecipe,
  type PretrainingScores,
  type TokenizerScores,
} from "@beitjs/trainers";
import { meanAndDeviation } from "../report/format-number.ts";
import { closingMean, type MetricsLine } from "./metrics-file.ts";
import { labelsPerClass, type DemoRecipes } from "./settings.ts";
import type { ClassifierSummary, DemoSummary, SeedScores } from "./summary.ts";

type Epochs = { readonly epochs: number };

export function summarizeTokenizer(
  tokenizer: Tokenizer,
  scores: TokenizerScores,
  lines: readonly MetricsLine[],
  recipe: Epochs,
): DemoSummary["tokenizer"] {
  const { used, vocabSize, perplexity } = scores.usage;
  const warning = collapseWarning(scores.usage);
  return {
    parameters: valueCount(tokenizer.params),
    steps: lines.length,
    loss: closingMean(lines, "loss", Math.ceil(lines.length / recipe.epochs)),
    meanAbsoluteError: scores.meanAbsoluteError,
    perplexity,
    used,
    vocabSize,
    ...(warning !== undefined && { warning }),
  };
}

export function summarizePretraining(
  beit: Beit,
  scores: PretrainingScores,
  statistics: MaskStatistics,
  lines: readonly MetricsLine[],
  recipe: Epochs,
): DemoSummary["pretrain"] {
  const lastEpoch = Math.ceil(lines.length / recipe.epochs);
  const { meanCount, stdCount, smallestCount, largestCount, adjacentShare, grid } = statistics;
  return {
    parameters: parameterCount(beit.config),
    steps: lines.length,
    expectedStartLoss: Math.log(predictedTokens(beit.config)),
    startLoss: Number(lines[0]?.["loss"]),
    trainLoss: closingMean(lines, "loss", lastEpoch),
    trainAccuracy: closingMean(lines, "accuracy", lastEpoch),
    loss: scores.loss,
    accuracy: scores.accuracy,
    masks: {
      meanCount,
      standardDeviation: stdCount,
      smallestCount,
      largestCount,
      meanRatio: meanCount / (grid.rows * grid.cols),
      adjacentShare,
    },
  };
}

export type PairScores = { readonly pretrained: SeedScores; readonly scratch: SeedScores };

/** Scores of one fine-tuned network. */
export function seedScores(
  recipe: FineTuneRecipe,
  { accuracy, top5 }: ClassifierScores,
  lines: readonly MetricsLine[],
): SeedScores {
  const lastEpoch = Math.ceil(lines.length / recipe.epochs);
  return {
    seed: recipe.seed,
    accuracy,
    top5: top5 ?? 1, // of five classes or fewer every one is among the five
    trainLoss: closingMean(lines, "loss", lastEpoch),
    trainAccuracy: closingMean(lines, "accuracy", lastEpoch),
  };
}

export function summarizeFineTuning(
  pairs: readonly PairScores[],
  recipes: DemoRecipes,
  { classes, testImages }: { readonly classes: number; readonly testImages: number },
): DemoSummary["fineTune"] {
  const labels = classes * labelsPerClass;
  const stepsOf = (recipe: FineTuneRecipe) => totalSteps(recipe, { length: labels });
  const pretrained = summarizeSeeds(
    pairs.map((pair) => pair.pretrained),
    stepsOf(recipes.fineTune),
  );
  const scratch = summarizeSeeds(
    pairs.map((pair) => pair.scratch),
    stepsOf(recipes.scratch),
  );
  return {
    labelsPerClass,
    labels,
    testImages,
    pretrained,
    scratch,
    difference: {
      accuracy: pretrained.accuracy - scratch.accuracy,
      seeds: pairs.map((pair) => pair.pretrained.accuracy - pair.scratch.accuracy),
    },
  };
}

function summarizeSeeds(seeds: readonly SeedScores[], steps: number): ClassifierSummary {
  const { mean, deviation } = meanAndDeviation(seeds.map(({ accuracy }) => accuracy));
  return {
    accuracy: mean,
    standardDeviation: deviation,
    top5: meanAndDeviation(seeds.map(({ top5 }) => top5)).mean,
    steps,
    seeds,
  };
}
