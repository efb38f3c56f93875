// A step that ended a run, once more with every tensor looked at: which was the first that is not finite, and what came before it.
import type { Backend } from "@beitjs/tensor-core";
import {
  batchImages,
  firstNonFinite,
  replayStep,
  requireLabels,
  type DecodedCheckpoint,
  type Replayed,
  type TensorFacts,
} from "@beitjs/trainers";
import { loadReplay, type Replay } from "@beitjs/trainers/node";
import type { BackendFlags } from "../backends/flags.ts";
import { openBackend, type BackendFacts } from "../backends/open.ts";
import { headFor } from "../models/class-match.ts";
import { beitOf } from "../models/from-checkpoint.ts";
import { openEncoder } from "../models/open-beit.ts";
import { openTokenizerEncoder } from "../models/open-tokenizer.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { loopOf } from "../runs/stages.ts";
import type { replayFlags } from "./declarations/replay.ts";

type Flags = FlagValues<typeof replayFlags>;

export async function run(flags: Flags, context: Context): Promise<number> {
  const { terminal } = context;
  const replay = await loadReplay(flags.run);
  const { recipe, step, checkpoint, message } = replay;
  terminal.info(`step ${step} of ${flags.run}: ${message}`);
  const { backend, facts } = await openBackend(backendOf(flags, replay.run), context);
  const images = batchImages(replay.batch);
  const taken = { recipe, images, backend, ...(await modelsOf(replay, backend, flags, context)) };
  const loop = loopOf(recipe.stage, taken as never);
  const replayed = await replayStep(loop.train(checkpoint as DecodedCheckpoint | undefined), { backend, recipe });
  const first = firstNonFinite(replayed.tensors);
  for (const line of inWords(replayed, first, flags.before)) terminal.result(line);
  const shown = replayed.tensors.slice(Math.max(0, first - flags.before), first + 1);
  terminal.event("replayed", {
    step,
    again: replayed.error !== undefined,
    first: replayed.tensors[first] ?? null,
    shown,
  });
  if (replayed.error) return exitCodes.done;
  throw new Error(
    `the step is finite this time, on ${facts.name}; the run was on ${backendFacts(replay.run)?.name ?? "another backend"}`,
  );
}

function backendFacts(run: Replay["run"]): BackendFacts | undefined {
  return run["backend"] as BackendFacts | undefined;
}

/** The backend of the run with its products, unless the flags name one: another one rounds differently. */
export function backendOf(flags: BackendFlags, run: Replay["run"]): BackendFlags {
  const own = backendFacts(run);
  if (flags.backend !== "auto" || own === undefined) return flags;
  return { ...flags, backend: own.name as BackendFlags["backend"], mixed: flags.mixed || own.mixed === true };
}

// What the stage's loop takes beside its images: a tokenizer, or the model that it began with.
async function modelsOf(
  { recipe, run, checkpoint, batch }: Replay,
  backend: Backend,
  flags: Flags,
  context: Context,
): Promise<object> {
  const from = run["from"] as string | null | undefined;
  if (recipe.stage === "pretrain") {
    const path = flags.tokenizer ?? (run["tokenizer"] as string | undefined);
    if (path === undefined)
      throw usageError("expected --tokenizer with the tokenizer of the run, which does not say it");
    const { tokenizer } = await openTokenizerEncoder(
      path,
      backend,
      { usualTokenSize: recipe.views.tokenSize },
      context,
    );
    if (checkpoint || !from) return { tokenizer };
    return { tokenizer, from: (await openEncoder(from, backend, {}, context)).beit };
  }
  if (recipe.stage !== "fine-tune") return {};
  if (checkpoint) return { from: beitOf(checkpoint, backend) };
  if (!from) return {};
  const start = await openEncoder(from, backend, { imageSize: recipe.view.size }, context);
  return { from: start.beit, head: headFor(start, requireLabels(batchImages(batch), recipe.labels), context) };
}

function inWords({ tensors, error }: Replayed, first: number, before: number): readonly string[] {
  if (!error) return [];
  if (first < 0) {
    const largest = tensors.reduce((most, one) => (size(one) > size(most) ? one : most), tensors[0]);
    return [`every tensor is finite, but not their sum: the largest value is in ${described(largest)}`];
  }
  const start = Math.max(0, first - before);
  const told = tensors.slice(start, first).map((one) => `  ${described(one)}`);
  const { nan, infinite } = tensors[first];
  const where = `tensor ${first + 1} of ${tensors.length}`;
  return [...told, `first not finite, ${where}: ${described(tensors[first])}, ${nan} NaN, ${infinite} infinite`];
}

function size({ min = 0, max = 0 }: TensorFacts): number {
  return Math.max(Math.abs(min), Math.abs(max));
}

function described({ pass, name, shape, min, max }: TensorFacts): string {
  const range = min === undefined || max === undefined ? "no finite value" : `${shown(min)} to ${shown(max)}`;
  return `${pass.padEnd(10)}  ${name} [${shape.join(", ")}]: ${range}`;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
