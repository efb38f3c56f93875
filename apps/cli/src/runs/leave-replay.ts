// What a step leaves whose loss is not finite: all that it takes to make it again.
import {
  batchAt,
  checkpointInfo,
  encodeCheckpoint,
  encodeFork,
  type Dataset,
  type DecodedCheckpoint,
  type NonFiniteError,
  type Recipe,
  type StepReport,
} from "@beitjs/trainers";
import { saveReplay } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { messageOf } from "../program/exit-codes.ts";
import type { Identity } from "./same-images.ts";

type Told = { readonly report: StepReport<unknown>; readonly model: object };

type Run = {
  readonly folder: string;
  readonly recipe: Recipe;
  readonly images: Dataset;
  readonly identity: Identity;
  readonly facts: Readonly<Record<string, unknown>>;
};

/**
 * Writes the replay of the step after a state, which is that of the last report or of the checkpoint that the run began with.
 *
 * @returns whether it could be written; why not is told
 */
export async function leaveReplay(
  error: NonFiniteError,
  state: Told | DecodedCheckpoint | undefined,
  { folder, recipe, images, identity, facts }: Run,
  { terminal }: Context,
): Promise<boolean> {
  const run = { identity, ...facts };
  const { step } = error;
  try {
    const batch = await batchAt(recipe, images, step);
    const stored = { step, recipe, message: messageOf(error), run, batch };
    const path = await saveReplay(folder, stored, await filesOf(state, { recipe, run }));
    terminal.event("replay", { step, path });
    return true;
  } catch (failure) {
    terminal.warn(`no replay of the step: ${messageOf(failure)}`);
    return false;
  }
}

async function filesOf(
  state: Told | DecodedCheckpoint | undefined,
  { recipe, run }: { readonly recipe: Recipe; readonly run: Readonly<Record<string, unknown>> },
) {
  if (!state) return undefined;
  if (!("report" in state)) {
    const { stage, model, step, position } = state.manifest;
    return encodeFork(state, { stage, model, recipe, step, position, run }, { average: recipe.ema !== undefined });
  }
  const { report, model } = state;
  return encodeCheckpoint(report.state, checkpointInfo(report, { recipe, model, run }));
}
