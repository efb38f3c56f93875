// The end of every training command: a stage's loop in the run folder of the flags, from its checkpoint to its summary.
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import { disposeTree } from "@beitjs/tensor-core";
import type { StageName } from "@beitjs/trainers";
import { loadCheckpoint } from "@beitjs/trainers/node";
import { interruptible, type OpenedImages } from "../images/images.ts";
import { withWeights } from "../models/from-checkpoint.ts";
import type { Context } from "../program/command.ts";
import { dryRun } from "./dry-run.ts";
import { finishRun, type TestFigures } from "./finish-run.ts";
import { inRunFolder } from "./folder.ts";
import type { TestImages } from "./held-out.ts";
import { smallerFor } from "./memory.ts";
import { tellPlan } from "./plan.ts";
import { loopOf, measuredMetrics, type LoopOptions, type ReportOf } from "./stages.ts";
import { trainingRun, type TrainingRunOptions } from "./training-run.ts";

/** @throws as `trainingRun`, and if another process holds the folder */
export async function runStage<Name extends StageName>(
  stage: Name,
  loop: LoopOptions<Name>,
  { out, resume, saveEvery, keep, opened, acceptChangedData, identity, facts, test, fork, takeOver, dryRun: dry, aside }: StageRun<Name>,
  context: Context,
): Promise<void> {
  if (dry) {
    // Evaluations would be timed with the steps.
    const { train } = loopOf(stage, { ...loop, validation: undefined });
    return dryRun(loop, { train: () => train(undefined), test }, context);
  }
  await tellPlan(loop, context, await smallerFor({ out, resume }));
  const { images, listed } = opened;
  const runImages = { list: { classes: images.classes ?? null, images: listed }, acceptChanged: acceptChangedData };
  await inRunFolder(out, { takeOver }, context, async () => {
    const options = { ...loopOf(stage, loop), folder: out, resume, saveEvery, keep, runImages, identity, facts, fork, aside };
    const result = await trainingRun(options, context);
    const finish = test && {
      test: (checkpoint: string) => testFigures(stage, loop, test, checkpoint, context),
      testFacts: { data: test.data, split: test.split, images: test.images.length },
    };
    await finishRun(result, options, { backend: loop.backend, ...finish }, context);
    // Of studies, which run many in one process.
    if (result.report) disposeTree(result.report.state.params);
  });
}

type StageRun<Name extends StageName> = Pick<TrainingRunOptions<never>, "identity" | "facts" | "fork"> & {
  /** What the run learns from, or chooses from. */
  readonly opened: Pick<OpenedImages, "images" | "listed">;
  readonly out: string;
  readonly resume: string;
  readonly saveEvery: number;
  readonly keep: number | undefined;
  /** Images of a last figure. */
  readonly test: TestImages | undefined;
  readonly acceptChangedData: boolean;
  readonly takeOver: boolean;
  readonly dryRun: boolean;
  readonly aside?: TrainingRunOptions<ReportOf<Name>>["aside"];
};

async function testFigures<Name extends StageName>(
  stage: Name,
  { recipe, backend, ...others }: LoopOptions<Name>,
  { images }: TestImages,
  path: string,
  context: Context,
): Promise<TestFigures> {
  const { tokenizer } = others as { readonly tokenizer?: TokenizerEncoder };
  return measuredMetrics(stage, {
    checkpoint: withWeights(await loadCheckpoint(path), "auto"),
    recipe,
    backend,
    images: interruptible(images, context),
    tokenizer: async () => tokenizer as TokenizerEncoder,
  });
}
