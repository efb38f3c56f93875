// The whole loop on real images: data, tokenizer, pre-training, fine-tuning with few labels against the same network from
// scratch, figures and report. (BEiT, sections 2 and 3, in small)
import { join } from "node:path";
import type { Beit } from "@beitjs/beit-encoder";
import type { Tokenizer } from "@beitjs/dvae-tokenizer";
import { disposeTree, type Backend } from "@beitjs/tensor-core";
import { demoTokenizer, evaluateClassifier, evaluatePretraining, evaluateTokenizer, type PretrainingScores, type TokenizerScores } from "@beitjs/trainers";
import type { BackendFacts } from "../backend.ts";
import type { Context } from "../command.ts";
import { percent, whole } from "../report/format-number.ts";
import { renderReport } from "../report/render.ts";
import { writeResult, writeSummary } from "../run-folder.ts";
import { cliVersion } from "../version.ts";
import { prepareData } from "./data.ts";
import { environment } from "./environment.ts";
import { readCurves } from "./curves.ts";
import { readMetrics } from "./metrics-file.ts";
import { drawPictures } from "./pictures.ts";
import { demoSettings, labelsPerClass } from "./settings.ts";
import { fineTuneStage, pretrainStage, stageNames, tokenizerStage, type StageOptions, type FineTuneStage, type Start, type Trained } from "./stages.ts";
import { seedScores, summarizeFineTuning, summarizePretraining, summarizeTokenizer, type PairScores } from "./summarize.ts";
import type { DemoSummary, SeedScores } from "./summary.ts";
import { openTimes, type Times } from "./times.ts";

export type DemoOptions = {
  readonly data: string;
  /** Run folder, which exists and is held by the caller. */
  readonly out: string;
  readonly seeds: number;
  readonly short: boolean;
  readonly skipBad: boolean;
};

export type DemoResult = { readonly summary: DemoSummary; readonly reportPath: string; readonly summaryPath: string };

type Machine = { readonly backend: Backend; readonly facts: BackendFacts };

/**
 * Runs a demo, or goes on with one that was stopped: finished stages are loaded. Tokenizer and pre-training are made once,
 * the pair of fine-tunings once a seed.
 *
 * @throws as the stages do; nothing is trained before data and settings are known to be good
 */
export async function runDemo(options: DemoOptions, machine: Machine, context: Context): Promise<DemoResult> {
  const { out, short } = options;
  const times = await openTimes(out, context.host.now);
  heading("1/5 images", context);
  const data = await times.measure("data", () =>
    prepareData({ ...options, path: options.data, imageSize: demoTokenizer.model.imageSize, labelsPerClass }, context),
  );
  const settings = demoSettings(data, { short });
  const stages: StageOptions = { out, backend: machine.backend, data, settings, facts: { backend: machine.facts, beit: cliVersion() } };
  const tokenizer = await times.measure("tokenizer", () => trainedTokenizer(stages, context));
  const pretrained = await times.measure("pretrain", () => pretrainedEncoder(stages, tokenizer.trained, context));
  const pairs = await fineTunedPairs(stages, pretrained.trained, { seeds: options.seeds, times }, context);
  heading("5/5 report", context);
  return report({ options, machine, stages, tokenizer, pretrained, pairs, times }, context);
}

type Finished = {
  readonly options: DemoOptions;
  readonly machine: Machine;
  readonly stages: StageOptions;
  readonly tokenizer: { readonly trained: Trained<Tokenizer>; readonly scores: TokenizerScores };
  readonly pretrained: { readonly trained: Trained<Beit>; readonly scores: PretrainingScores };
  readonly pairs: readonly PairScores[];
  readonly times: Times;
};

async function trainedTokenizer(stages: StageOptions, context: Context): Promise<Finished["tokenizer"]> {
  const { data, settings } = stages;
  heading("2/5 tokenizer: images to visual tokens and back", context);
  const trained = await tokenizerStage(stages, context);
  const scores = await evaluateTokenizer(trained.model, data.test.images, { view: settings.tokenView });
  const { used, vocabSize, perplexity } = scores.usage;
  tell(context, "tokenizer", `test images: mean absolute error ${scores.meanAbsoluteError.toFixed(3)}, ${used} of ${vocabSize} tokens in use, perplexity ${perplexity.toFixed(1)}`, {
    meanAbsoluteError: scores.meanAbsoluteError,
    ...scores.usage,
  });
  return { trained, scores };
}

async function pretrainedEncoder(stages: StageOptions, tokenizer: Trained<Tokenizer>, context: Context): Promise<Finished["pretrained"]> {
  const { data, settings } = stages;
  const { mask, model, seed } = settings.recipes.pretrain;
  heading("3/5 pre-training: visual tokens of masked patches, without labels", context);
  const trained = await pretrainStage(stages, tokenizer, context);
  const views = { pixelView: settings.pixelView, tokenView: settings.tokenView };
  const scores = await evaluatePretraining(trained.model, tokenizer.model, data.test.images, { mask, seed, ...views });
  const guessing = `guessing: ${Math.log(model.vocabSize).toFixed(2)} and ${percent(1 / model.vocabSize)}`;
  tell(context, "pretrain", `test images: loss ${scores.loss.toFixed(3)}, ${percent(scores.accuracy)} of the masked tokens right (${guessing})`, scores);
  return { trained, scores };
}

async function fineTunedPairs(
  stages: StageOptions,
  from: Trained<Beit>,
  { seeds, times }: { readonly seeds: number; readonly times: Times },
  context: Context,
): Promise<PairScores[]> {
  const { settings } = stages;
  heading(`4/5 fine-tuning: ${labelsPerClass} labels a class, pre-trained against from scratch`, context);
  const pairs: PairScores[] = [];
  for (let i = 0; i < seeds; i++) {
    const recipe = { ...settings.recipes.fineTune, seed: settings.recipes.fineTune.seed + i };
    const scored = (start: Start) => times.measure(stageNames.fineTune(recipe.seed, start), () => fineTuned(stages, { from, start, recipe }, context));
    pairs.push({ pretrained: await scored("pretrained"), scratch: await scored("scratch") });
  }
  return pairs;
}

async function fineTuned(stages: StageOptions, how: FineTuneStage, context: Context): Promise<SeedScores> {
  const { recipe, start } = how;
  const { seed } = recipe;
  const trained = await fineTuneStage(stages, how, context);
  const view = recipe.evalView;
  const scores = await evaluateClassifier(trained.model, stages.data.test.images, { view, signal: context.interrupt.signal });
  disposeTree(trained.model.params);
  const name = start === "pretrained" ? "pre-trained" : "from scratch";
  const text = `${name}, seed ${seed}: ${percent(scores.accuracy)} of ${whole(scores.images)} test images`;
  tell(context, "fine-tune", text, { start, seed, accuracy: scores.accuracy });
  return seedScores(recipe, scores, await readMetrics(stages.out, trained.stage));
}

async function report(finished: Finished, context: Context): Promise<DemoResult> {
  const { stages, tokenizer, pretrained, times } = finished;
  const { out, settings, data } = stages;
  const drawn = await times.measure("report", () =>
    drawPictures({
      tokenizer: tokenizer.trained.model,
      beit: pretrained.trained.model,
      test: data.test.images,
      settings,
      tokenCounts: tokenizer.scores.counts,
    }),
  );
  const summary = await summarize(finished, drawn.masks.statistics, context);
  const side = drawn.masks.statistics.grid.cols;
  const page = await renderReport({ summary, side, curves: await readCurves(out, settings.recipes), ...drawn });
  const reportPath = join(out, "report.html");
  await writeResult(reportPath, page);
  return { summary, reportPath, summaryPath: await writeSummary(out, summary) };
}

async function summarize(finished: Finished, statistics: Parameters<typeof summarizePretraining>[2], { host }: Context): Promise<DemoSummary> {
  const { options, machine, stages, tokenizer, pretrained, pairs, times } = finished;
  const { data, settings, out } = stages;
  const { recipes } = settings;
  const { path, kind, channels, classes, train, test, heldOut, skipped } = data;
  return {
    format: "beitjs-demo",
    version: 1,
    finished: new Date(host.now()).toISOString(),
    short: options.short,
    meaningful: !options.short,
    data: {
      path,
      kind,
      channels,
      classes,
      train: { images: train.images.length, sha256: train.sha256 },
      test: { images: test.images.length, sha256: test.sha256, heldOut },
      skipped,
    },
    backend: machine.facts,
    environment: environment(cliVersion()),
    seeds: { tokenizer: recipes.tokenizer.seed, pretrain: recipes.pretrain.seed, fineTune: pairs.map((pair) => pair.pretrained.seed) },
    recipes,
    tokenizer: summarizeTokenizer(tokenizer.trained.model, tokenizer.scores, await readMetrics(out, stageNames.tokenizer), recipes.tokenizer),
    pretrain: summarizePretraining(pretrained.trained.model, pretrained.scores, statistics, await readMetrics(out, stageNames.pretrain), recipes.pretrain),
    fineTune: summarizeFineTuning(pairs, recipes.fineTune, { classes: classes.length, testImages: test.images.length }),
    seconds: times.seconds(),
  };
}

function heading(text: string, { terminal, interrupt }: Context): void {
  interrupt.check();
  terminal.info(terminal.colors.bold(text));
  terminal.event("part", { name: text });
}

function tell({ terminal }: Context, part: string, text: string, facts: Readonly<Record<string, unknown>>): void {
  terminal.info(text);
  terminal.event("figures", { part, ...facts });
}
