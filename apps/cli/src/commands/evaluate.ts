// What a trained model can do on images it was not trained on; which figures depends on what it was trained for.
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import type { LoadedCheckpoint } from "@beitjs/trainers/node";
import { openBackend } from "../backends/open.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { interruptible, openImages, testSplit } from "../images/images.ts";
import { openCheckpoint, recipeOf } from "../models/from-checkpoint.ts";
import { openTokenizerEncoder } from "../models/open-tokenizer.ts";
import { evaluationFiles, writeEvaluation } from "../report/write-evaluation.ts";
import { figuresOf, stageNames } from "../runs/stages.ts";
import type { evaluateFlags } from "./declarations/evaluate.ts";

// In the page, as pictures.
const mostMistakes = 24;

export async function run(flags: FlagValues<typeof evaluateFlags>, context: Context): Promise<number> {
  const { terminal } = context;
  const out = evaluationFiles(flags.out);
  const checkpoint = await openCheckpoint(flags.checkpoint, stageNames, context, { weights: flags.weights });
  const split = flags.split === "auto" ? await testSplit(flags.data, flags) : flags.split;
  const { images, skipped } = await openImages(flags.data, { ...flags, split }, context);
  const { backend } = await openBackend(flags, context);
  const recipe = recipeOf(checkpoint);
  const figures = await figuresOf(recipe.stage, {
    ...{ checkpoint, recipe, backend },
    mistakes: mostMistakes,
    images: interruptible(images, context),
    tokenizer: () => tokenizerOfRun(flags.tokenizer, checkpoint, backend, context),
  });
  const result = {
    stage: recipe.stage,
    checkpoint: checkpoint.path,
    step: checkpoint.manifest.step,
    split,
    images: images.length,
    skippedImages: skipped.length,
    ...figures.values,
  };
  for (const line of [...figures.lines, ...(figures.details ?? [])]) terminal.result(line);
  terminal.event("scores", result);
  await writeEvaluation(out, { result, figures, images: interruptible(images, context) });
  if (out.length > 0) terminal.info(`figures: ${out.join(", ")}`);
  return exitCodes.done;
}

// The one that was asked for, or the one that the run was trained with.
async function tokenizerOfRun(
  flag: string | undefined,
  { manifest }: LoadedCheckpoint,
  backend: Backend,
  context: Context,
): Promise<TokenizerEncoder> {
  const path = flag ?? manifest.run?.["tokenizer"];
  if (typeof path !== "string")
    throw usageError("expected --tokenizer for a checkpoint that does not name its tokenizer");
  return (await openTokenizerEncoder(path, backend, {}, context)).tokenizer;
}
