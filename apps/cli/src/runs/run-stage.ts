// The end of every training command: a stage's loop in the run folder of the flags, from its checkpoint to its summary.
import type { StageName } from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import { inRunFolder } from "./folder.ts";
import { loopOf, type LoopOptions } from "./stages.ts";
import { finishRun, trainingRun, type TrainingRunOptions } from "./training-run.ts";

/** @throws as `trainingRun`, and if another process holds the folder */
export async function runStage<Name extends StageName>(
  stage: Name,
  loop: LoopOptions<Name>,
  { out, resume, saveEvery, identity, facts }: RunFlags & Pick<TrainingRunOptions<never>, "identity" | "facts">,
  context: Context,
): Promise<void> {
  await inRunFolder(out, context, async () => {
    const options = { ...loopOf(stage, loop), folder: out, resume, saveEvery, identity, facts };
    await finishRun(await trainingRun(options, context), options, context);
  });
}

type RunFlags = { readonly out: string; readonly resume: string; readonly saveEvery: number };
