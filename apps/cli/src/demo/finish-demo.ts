// The end of a demo: pictures, summary.json and report.html from what the parts left.
import { join } from "node:path";
import type { MaskStatistics } from "@beitjs/masking";
import type { BackendFacts } from "../backends/open.ts";
import type { Context } from "../program/command.ts";
import { environment } from "../program/environment.ts";
import { renderReport } from "../report/render.ts";
import { writeResult, writeSummary } from "../runs/folder.ts";
import { readCurves } from "./curves.ts";
import { readMetrics } from "./metrics-file.ts";
import type { PretrainedEncoder, TrainedTokenizer } from "./parts.ts";
import { drawPictures } from "./pictures.ts";
import { marks, type StageOptions } from "./stages.ts";
import { summarizeFineTuning, summarizePretraining, summarizeTokenizer, type PairScores } from "./summarize.ts";
import type { DemoSummary, Yardstick } from "./summary.ts";
import type { Times } from "./times.ts";

export type DemoResult = { readonly summary: DemoSummary; readonly reportPath: string; readonly summaryPath: string };

export type FinishedDemo = {
  readonly short: boolean;
  readonly machine: BackendFacts;
  readonly stages: StageOptions;
  readonly tokenizer: TrainedTokenizer;
  readonly pretrained: PretrainedEncoder;
  readonly pairs: readonly PairScores[];
  readonly yardsticks: readonly Yardstick[];
  readonly times: Times;
};

/** Draws the pictures and writes report and summary. */
export async function finishDemo(finished: FinishedDemo, context: Context): Promise<DemoResult> {
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
  const { grid } = drawn.masks.statistics;
  const page = await renderReport({ summary, grid, curves: await readCurves(out, settings.recipes), ...drawn });
  const reportPath = join(out, "report.html");
  await writeResult(reportPath, page);
  return { summary, reportPath, summaryPath: await writeSummary(out, summary) };
}

async function summarize(finished: FinishedDemo, statistics: MaskStatistics, { host }: Context): Promise<DemoSummary> {
  const { short, machine, stages, tokenizer, pretrained, pairs, yardsticks, times } = finished;
  const { data, settings, out } = stages;
  const { recipes } = settings;
  const { path, kind, shipped, channels, classes, train, test, heldOut, skipped } = data;
  return {
    format: "beitjs-demo",
    version: 1,
    finished: new Date(host.now()).toISOString(),
    short,
    meaningful: !short,
    data: {
      path,
      kind,
      ...(shipped && { shipped }),
      channels,
      classes,
      train: { images: train.images.length, sha256: train.sha256 },
      test: { images: test.images.length, sha256: test.sha256, heldOut, usedForTuning: shipped === "fashion" },
      skipped,
    },
    backend: machine,
    environment: environment(),
    seeds: {
      tokenizer: recipes.tokenizer.seed,
      pretrain: recipes.pretrain.seed,
      fineTune: pairs.map((pair) => pair.pretrained.seed),
    },
    recipes,
    tokenizer: summarizeTokenizer(
      tokenizer.trained.model,
      tokenizer.scores,
      await readMetrics(out, marks.tokenizer),
      recipes.tokenizer,
    ),
    pretrain: summarizePretraining(
      pretrained.trained.model,
      pretrained.scores,
      statistics,
      await readMetrics(out, marks.pretrain),
      recipes.pretrain,
    ),
    fineTune: summarizeFineTuning(pairs, recipes, { classes: classes.length, testImages: test.images.length }),
    yardsticks,
    seconds: times.seconds(),
  };
}
