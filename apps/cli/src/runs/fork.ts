// Runs that begin with the state of another one: its weights and moments at a step, and from there on a recipe of their own.
import { runLength, positionAt, type Recipe, type StageName } from "@beitjs/trainers";
import { listCheckpoints, loadCheckpoint, saveFork, type LoadedCheckpoint } from "@beitjs/trainers/node";
import { recipeOf, requireStage } from "../models/from-checkpoint.ts";
import { isCheckpoint } from "../models/sources.ts";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import { settleImages, type Identity, type RunImages } from "./same-images.ts";
import { scheduleJump } from "./other-run.ts";

export type Fork = {
  /** What the new run begins with; of one that has begun, its own newest checkpoint. */
  readonly checkpoint: LoadedCheckpoint;
  /** Where it was taken from, as people said it. */
  readonly path: string;
  /** The recipe to change, where the flags name none. */
  readonly asked: { readonly recipe?: string; readonly base?: Recipe };
};

type ForkFlags = {
  readonly fork: string | undefined;
  readonly recipe: string | undefined;
  readonly out: string;
  readonly resume: string;
};

/**
 * The checkpoint that --fork names.
 *
 * @throws a usage error where there is none, or it is of another stage
 */
export async function openFork(
  { fork: path, recipe, out, resume }: ForkFlags,
  stages: readonly StageName[],
): Promise<Fork | undefined> {
  if (path === undefined) return undefined;
  if (resume !== "auto" && resume !== "never")
    throw usageError(`expected --fork ${path} or --resume ${resume}, one of the two`);
  const begun = (await listCheckpoints(out)).length > 0;
  if (!begun && !(await isCheckpoint(path))) throw usageError(`--fork ${path}: expected a run or a checkpoint`);
  const checkpoint = requireStage(await loadCheckpoint(begun ? out : path), stages);
  const asked = recipe === undefined ? { recipe: checkpoint.path, base: recipeOf(checkpoint) } : {};
  return { checkpoint, path, asked };
}

type Beginning = {
  readonly folder: string;
  readonly recipe: Recipe;
  readonly images: { readonly length: number };
  readonly identity: Identity;
  readonly runImages?: RunImages | undefined;
  readonly facts: Readonly<Record<string, unknown>>;
};

/**
 * Saves the state as the first checkpoint of the new run, to go on from.
 *
 * @throws a usage error with the numbers if the new recipe has no step left
 */
export async function beginFork(
  { checkpoint, path }: Fork,
  { recipe, images, folder, facts, ...run }: Beginning,
  context: Context,
): Promise<LoadedCheckpoint> {
  const { manifest } = checkpoint;
  const { step, files } = manifest;
  const { totalSteps, stepsPerEpoch } = runLength(recipe, images);
  if (totalSteps <= step) {
    const wayOut = `take --epochs above ${Math.floor(step / stepsPerEpoch)}`;
    throw usageError(
      `--fork ${path} begins at step ${step}, and ${recipe.epochs} epochs on ${images.length} images are ${totalSteps} steps; ${wayOut}`,
    );
  }
  const own = await settleImages({ folder, recipe, ...run }, undefined, context);
  const forkedFrom = { checkpoint: checkpoint.path, step, weights: files["model.safetensors"].sha256 };
  const { epoch, step: batch } = positionAt(step, stepsPerEpoch);
  const info = {
    ...{ stage: recipe.stage, model: manifest.model, recipe, step },
    position: { epoch, batch },
    run: { identity: { ...own, forkedFrom }, ...facts },
  };
  await saveFork(folder, checkpoint, info, { average: recipe.ema !== undefined });
  const jump = scheduleJump(manifest, { recipe, images });
  context.terminal.info(
    `fork: begins at step ${step} of ${totalSteps}, with weights and moments of ${checkpoint.path}${jump.length > 0 ? `: ${jump.join(", ")}` : ""}`,
  );
  context.terminal.event("fork", { ...forkedFrom, totalSteps });
  return loadCheckpoint(folder);
}

/**
 * The identity of a run with where it was forked from.
 *
 * @throws a usage error where a fork is asked for and the folder has another run
 */
export function withOrigin(
  { identity, fork, folder }: { readonly identity: Identity; readonly fork?: Fork | undefined; readonly folder: string },
  checkpoint: LoadedCheckpoint | undefined,
): Identity {
  const { forkedFrom } = (checkpoint?.manifest.run?.["identity"] ?? {}) as Identity;
  if (fork && forkedFrom === undefined)
    throw usageError(`${folder} has checkpoints of a run that is no fork; take another --out for --fork ${fork.path}`);
  return forkedFrom === undefined ? identity : { ...identity, forkedFrom };
}
