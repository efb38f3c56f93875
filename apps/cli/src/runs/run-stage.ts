// The end of every training command: a stage's loop in the run folder of the flags, from its checkpoint to its summary.
import type { StageName } from "@beitjs/trainers";
import type { OpenedImages } from "../images/images.ts";
import type { Context } from "../program/command.ts";
import { inRunFolder } from "./folder.ts";
import { loopOf, type LoopOptions } from "./stages.ts";
import { finishRun, trainingRun, type TrainingRunOptions } from "./training-run.ts";

/** @throws as `trainingRun`, and if another process holds the folder */
export async function runStage<Name extends StageName>(
  stage: Name,
  loop: LoopOptions<Name>,
  { out, resume, saveEvery, opened, acceptChangedData, identity, facts }: StageRun,
  context: Context,
): Promise<void> {
  const { images, listed } = opened;
  const runImages = { list: { classes: images.classes ?? null, images: listed }, acceptChanged: acceptChangedData };
  await inRunFolder(out, context, async () => {
    const options = { ...loopOf(stage, loop), folder: out, resume, saveEvery, runImages, identity, facts };
    await finishRun(await trainingRun(options, context), options, context);
  });
}

type StageRun = Pick<TrainingRunOptions<never>, "identity" | "facts"> & {
  /** What the run learns from, or chooses from. */
  readonly opened: Pick<OpenedImages, "images" | "listed">;
  readonly out: string;
  readonly resume: string;
  readonly saveEvery: number;
  readonly acceptChangedData: boolean;
};
