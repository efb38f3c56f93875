// What a trained model can do on images it was not trained on; which figures depends on what it was trained for.
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import type { LoadedCheckpoint } from "@beitjs/trainers/node";
import { inferenceFlags, openBackend } from "../backends/open.ts";
import { choice, defineCommand, optional, required, type Context } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { imageFlags, interruptible, openImages, testSplit } from "../images/images.ts";
import { openCheckpoint, recipeOf } from "../models/from-checkpoint.ts";
import { openTokenizerEncoder } from "../models/open-tokenizer.ts";
import { writeResult } from "../runs/folder.ts";
import { figuresOf, stageNames } from "../runs/stages.ts";

export const evaluateCommand = defineCommand({
  name: "evaluate",
  summary: "Measure a tokenizer, a pre-trained BEiT or a classifier on images",
  example: "beit evaluate runs/finetune --data photos",
  argument: "checkpoint",
  flags: {
    checkpoint: required("checkpoint", "checkpoint or run folder"),
    ...imageFlags,
    split: choice(["auto", "train", "test"], "part of the data; auto: test where there is one", "auto"),
    tokenizer: optional(
      "model",
      "for a pre-trained BEiT: its tokenizer, or small (default: the one it was trained with)",
    ),
    out: optional("file", "write the figures as JSON"),
    ...inferenceFlags,
  },
  async run(flags, context) {
    const { terminal } = context;
    const checkpoint = await openCheckpoint(flags.checkpoint, stageNames, context);
    const split = flags.split === "auto" ? await testSplit(flags.data) : flags.split;
    const { images, skipped } = await openImages(flags.data, { split, skipBad: flags.skipBad }, context);
    const { backend } = await openBackend(flags, context);
    const recipe = recipeOf(checkpoint);
    const { values, lines } = await figuresOf(recipe.stage, {
      ...{ checkpoint, recipe, backend },
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
      ...values,
    };
    for (const line of lines) terminal.result(line);
    terminal.event("scores", result);
    if (flags.out !== undefined) await writeResult(flags.out, `${JSON.stringify(result, null, 2)}\n`);
    return exitCodes.done;
  },
});

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
