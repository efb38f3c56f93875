// A run's folder: held by one process at a time, begun or gone on with, with the recipe and the result in it.
import { promises as files } from "node:fs";
import { join } from "node:path";
import type { Recipe } from "@beitjs/trainers";
import { makeFolder, writeErrorReason,
  cleanCheckpoints,
  listCheckpoints,
  loadCheckpoint,
  lockRun,
  writeWholeFile,
  type LoadedCheckpoint,
} from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import { unwritten } from "../files/unwritten.ts";
import { formatRecipe } from "./recipe-file.ts";

/**
 * Creates and locks a folder for the time of `body`, and removes what an interrupted run has left in it.
 *
 * @param options.takeOver also from a run on another machine of which nothing is heard
 */
export async function inRunFolder<Result>(
  folder: string,
  { takeOver }: { readonly takeOver: boolean },
  { host }: Pick<Context, "host">,
  body: () => Promise<Result>,
): Promise<Result> {
  try {
    await makeFolder(folder);
  } catch (cause) {
    throw new Error(`cannot create the run folder ${folder}: ${writeErrorReason(cause)}`, { cause });
  }
  const lock = await lockRun(folder, { since: new Date(host.now()).toISOString(), takeOver });
  try {
    await cleanCheckpoints(folder);
    return await body();
  } finally {
    await lock.release();
  }
}

/**
 * The checkpoint to go on from, if any: `auto` takes the newest good one of the folder, `never` insists on a fresh
 * folder, anything else is a path. Damaged checkpoints that were passed over are told.
 */
export async function findCheckpoint(
  folder: string,
  resume: string,
  { terminal }: Pick<Context, "terminal">,
): Promise<LoadedCheckpoint | undefined> {
  const found = (await listCheckpoints(folder)).length > 0;
  if (resume === "never" && found) {
    throw usageError(`${folder} has checkpoints of a run; drop --resume never to go on with it, or take another --out`);
  }
  if (resume === "never" || (resume === "auto" && !found)) return undefined;
  const checkpoint = await loadCheckpoint(resume === "auto" ? folder : resume);
  for (const { path, reason } of checkpoint.skipped)
    terminal.warn(`damaged checkpoint passed over: ${path}: ${reason}`);
  terminal.info(`going on at step ${checkpoint.manifest.step}, from ${checkpoint.path}`);
  terminal.event("resume", {
    step: checkpoint.manifest.step,
    checkpoint: checkpoint.path,
    skipped: checkpoint.skipped,
  });
  return checkpoint;
}

/** Writes the resolved recipe as `recipe.yaml`. */
export async function writeRecipe(folder: string, recipe: Recipe): Promise<void> {
  await writeResult(join(folder, "recipe.yaml"), formatRecipe(recipe));
}

/** Writes `summary.json`. */
export async function writeSummary(folder: string, summary: object): Promise<string> {
  const path = join(folder, "summary.json");
  await writeResult(path, `${JSON.stringify(summary, null, 2)}\n`);
  return path;
}

/** The step that the folder's `summary.json` is of; none where there is no good one. */
export async function summaryStep(folder: string): Promise<number | undefined> {
  try {
    const summary = JSON.parse(await files.readFile(join(folder, "summary.json"), "utf8")) as { step?: number } | null;
    return summary?.step;
  } catch {
    return undefined;
  }
}

/** Writes a file of results, in place of one that is there; the error names it. */
export async function writeResult(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeWholeFile(path, content);
  } catch (cause) {
    throw unwritten(path, cause);
  }
}
