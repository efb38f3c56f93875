// The parts of a demo as they are told: what begins, what it found on the test images.
import type { Beit } from "@beitjs/beit-encoder";
import type { Tokenizer } from "@beitjs/dvae-tokenizer";
import { disposeTree } from "@beitjs/tensor-core";
import {
  evaluateClassifier,
  evaluatePretraining,
  evaluateTokenizer,
  totalSteps,
  type PretrainingScores,
  type Recipe,
  type TokenizerScores,
} from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import { whole } from "../report/format-number.ts";
import { inWords } from "../runs/stages.ts";
import { readMetrics } from "./metrics-file.ts";
import { labelsPerClass, recipeOf, type Start } from "./settings.ts";
import {
  fineTuneStage,
  marks,
  pretrainStage,
  tokenizerStage,
  type FineTuneStage,
  type StageOptions,
  type Trained,
} from "./stages.ts";
import { seedScores, type PairScores } from "./summarize.ts";
import type { SeedScores } from "./summary.ts";
import type { Times } from "./times.ts";

export type TrainedTokenizer = { readonly trained: Trained<Tokenizer>; readonly scores: TokenizerScores };
export type PretrainedEncoder = { readonly trained: Trained<Beit>; readonly scores: PretrainingScores };

/** Trains the tokenizer and measures it. */
export async function trainedTokenizer(stages: StageOptions, context: Context): Promise<TrainedTokenizer> {
  const { data, settings } = stages;
  heading(
    `2/5 tokenizer: images to visual tokens and back, ${lengthOf(settings.recipes.tokenizer, data.train.images)}`,
    context,
  );
  const trained = await tokenizerStage(stages, context);
  const scores = await evaluateTokenizer(trained.model, data.test.images, { view: settings.tokenView });
  tell(context, "tokenizer", `test images: ${inWords("tokenizer", scores, settings.recipes.tokenizer)}`, {
    meanAbsoluteError: scores.meanAbsoluteError,
    ...scores.usage,
  });
  return { trained, scores };
}

/** Pre-trains the encoder and measures what it predicts. */
export async function pretrainedEncoder(
  stages: StageOptions,
  tokenizer: Trained<Tokenizer>,
  context: Context,
): Promise<PretrainedEncoder> {
  const { data, settings } = stages;
  const { mask, seed } = settings.recipes.pretrain;
  heading(
    `3/5 pre-training: visual tokens of masked patches, without labels, ${lengthOf(settings.recipes.pretrain, data.train.images)}`,
    context,
  );
  const trained = await pretrainStage(stages, tokenizer, context);
  const views = { pixelView: settings.pixelView, tokenView: settings.tokenView };
  const scores = await evaluatePretraining(trained.model, tokenizer.model, data.test.images, { mask, seed, ...views });
  tell(context, "pretrain", `test images: ${inWords("pretrain", scores, settings.recipes.pretrain)}`, scores);
  return { trained, scores };
}

/** Fine-tunes a pair of networks for each seed: one pre-trained, one from scratch, on the same labels. */
export async function fineTunedPairs(
  stages: StageOptions,
  from: Trained<Beit>,
  { seeds, times }: { readonly seeds: number; readonly times: Times },
  context: Context,
): Promise<PairScores[]> {
  const { settings } = stages;
  heading(`4/5 fine-tuning: ${labelsPerClass} labels a class, pre-trained against from scratch`, context);
  const pairs: PairScores[] = [];
  for (let seed = settings.recipes.fineTune.seed; pairs.length < seeds; seed++) {
    const scored = (start: Start) => {
      const recipe = recipeOf(settings.recipes, start, seed);
      return times.measure(marks.fineTune(seed, start), () => fineTuned(stages, { from, start, recipe }, context));
    };
    pairs.push({ pretrained: await scored("pretrained"), scratch: await scored("scratch") });
  }
  return pairs;
}

async function fineTuned(stages: StageOptions, how: FineTuneStage, context: Context): Promise<SeedScores> {
  const { recipe, start } = how;
  const { seed } = recipe;
  const trained = await fineTuneStage(stages, how, context);
  const view = recipe.evalView;
  const { test, classes } = stages.data;
  const { signal } = context.interrupt;
  const scores = await evaluateClassifier(trained.model, test.images, { view, signal });
  disposeTree(trained.model.params);
  const name = start === "pretrained" ? "pre-trained" : "from scratch";
  const text = `${name}, seed ${seed}, test images: ${inWords("fine-tune", { ...scores, classes }, recipe)}`;
  tell(context, "fine-tune", text, { start, seed, accuracy: scores.accuracy });
  return seedScores(recipe, scores, await readMetrics(stages.out, trained.stage));
}

/** Says what begins, unless the run is to stop. */
export function heading(text: string, { terminal, interrupt }: Context): void {
  interrupt.check();
  terminal.info({ text: "", styled: text, style: "bold" });
  terminal.event("part", { name: text });
}

function tell({ terminal }: Context, part: string, text: string, facts: Readonly<Record<string, unknown>>): void {
  terminal.info(text);
  terminal.event("figures", { part, ...facts });
}

function lengthOf(recipe: Recipe, images: { readonly length: number }): string {
  return `${whole(totalSteps(recipe, images))} steps of ${recipe.batchSize} images`;
}
