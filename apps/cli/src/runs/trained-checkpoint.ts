// A training that is a part of something larger, in a folder of its own: what counts is the checkpoint that it ends with.
import { disposeTree } from "@beitjs/tensor-core";
import type { StepReport } from "@beitjs/trainers";
import { cleanCheckpoints, loadCheckpoint, makeFolder, type LoadedCheckpoint } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { trainingRun, type TrainingRunOptions } from "./training-run.ts";

/**
 * Trains to the end, or goes on with what was stopped; of what is done the checkpoint is only loaded. The model is taken from the
 * checkpoint, whether it was just written or is of yesterday.
 */
export async function trainedCheckpoint<Report extends StepReport<unknown>>(
  options: TrainingRunOptions<Report>,
  context: Context,
): Promise<LoadedCheckpoint> {
  await makeFolder(options.folder);
  await cleanCheckpoints(options.folder);
  const { checkpoint, report } = await trainingRun(options, context);
  if (report) disposeTree(report.state.params);
  return loadCheckpoint(checkpoint);
}
