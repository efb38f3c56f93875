// What a trained model can do on images it was not trained on; which figures depends on what it was trained for.
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import type { ImageSize } from "@beitjs/tensor-core/grid";
import type { Dataset } from "@beitjs/trainers";
import type { LoadedCheckpoint } from "@beitjs/trainers/node";
import { openBackend } from "../backends/open.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { interruptible, openImages, testSplit } from "../images/images.ts";
import { foreignFigures } from "../models/foreign-figures.ts";
import { recipeOf, requireStage } from "../models/from-checkpoint.ts";
import { resizingOf } from "../models/open-beit.ts";
import { openTokenizerEncoder } from "../models/open-tokenizer.ts";
import { withModel } from "../models/sources.ts";
import { writeResult } from "../runs/folder.ts";
import { figuresOf, stageNames } from "../runs/stages.ts";
import type { evaluateFlags } from "./declarations/evaluate.ts";

type Flags = FlagValues<typeof evaluateFlags>;

export async function run(flags: Flags, context: Context): Promise<number> {
  const { terminal } = context;
  const paths = flags.decoder === undefined ? [flags.model] : [flags.model, flags.decoder];
  const { lines, result } = await withModel(paths, context, async (found) => {
    if (found.checkpoint) requireStage(found.checkpoint, stageNames);
    const split = flags.split === "auto" ? await testSplit(flags.data, flags) : flags.split;
    const { images, skipped } = await openImages(flags.data, { ...flags, split }, context);
    const { backend } = await openBackend(flags, context);
    const measured = { backend, images: interruptible(images, context) };
    const facts = { split, images: images.length, skippedImages: skipped.length };
    if (found.checkpoint) return measureRun(found.checkpoint, measured, facts, flags, context);
    const tokenizer = () => openTokenizerOf(flags.tokenizer, flags.tokenSize, backend, context);
    const options = { ...flags, images: measured.images, batchSize: flags.batch, tokenizer };
    const { stage, values, lines, facts: own, notes } = await foreignFigures(found, backend, options, context);
    for (const note of notes) terminal.info(note);
    return { lines, result: { stage, ...own, ...facts, ...values } };
  });
  for (const line of lines) terminal.result(line);
  terminal.event("scores", result);
  if (flags.out !== undefined) await writeResult(flags.out, `${JSON.stringify(result, null, 2)}\n`);
  return exitCodes.done;
}

async function measureRun(
  checkpoint: LoadedCheckpoint,
  { backend, images }: { readonly backend: Backend; readonly images: Dataset },
  facts: object,
  flags: Flags,
  context: Context,
): Promise<{ readonly lines: readonly string[]; readonly result: Readonly<Record<string, unknown>> }> {
  refuseOnRuns(flags);
  const recipe = recipeOf(checkpoint);
  const tokenSize = flags.tokenSize ?? (recipe.stage === "pretrain" ? recipe.views.tokenSize : undefined);
  const { values, lines } = await figuresOf(recipe.stage, {
    ...{ checkpoint, recipe, backend, images },
    // The one that was asked for, or the one that the run was trained with.
    tokenizer: () =>
      openTokenizerOf(flags.tokenizer ?? checkpoint.manifest.run?.["tokenizer"], tokenSize, backend, context),
    opening: { ...resizingOf(flags), imageSize: flags.imageSize },
    ...(flags.batch !== undefined && { batchSize: flags.batch }),
  });
  const { step } = checkpoint.manifest;
  return { lines, result: { stage: recipe.stage, checkpoint: checkpoint.path, step, ...facts, ...values } };
}

// A run says all that these would.
function refuseOnRuns({ model, weights, labels, decoder, normalization }: Flags): void {
  if (weights === "average") {
    throw usageError(`${model}: expected a file with averaged weights for --weights average, got a run of ours`);
  }
  const given = { labels, decoder, normalization: normalization === "auto" ? undefined : normalization };
  const flag = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (flag !== undefined) throw usageError(`--${flag}: expected a file, a folder or an address, got a run of ours`);
}

async function openTokenizerOf(
  path: unknown,
  tokenSize: ImageSize | undefined,
  backend: Backend,
  context: Context,
): Promise<TokenizerEncoder> {
  if (typeof path !== "string") {
    throw usageError("expected --tokenizer for a pre-trained model that does not name its tokenizer");
  }
  return (await openTokenizerEncoder(path, backend, { tokenSize }, context)).tokenizer;
}
