// Stage 3: a classifier, from a pre-trained encoder or, for comparison, from scratch.
import { requireLabels, takePerClass, totalSteps } from "@beitjs/trainers";
import { backendFlags, openBackend } from "../backends/open.ts";
import { imageFacts, imageFlags, openImages } from "../images/images.ts";
import { looseFlags, openEncoder } from "../models/open-beit.ts";
import { defineCommand, integer, optional, toggle } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { runFlags } from "../runs/folder.ts";
import { loadRecipe, recipeFlags } from "../runs/recipe-file.ts";
import { runStage } from "../runs/run-stage.ts";
import { blockFlags, runFacts, trainingFlags } from "../runs/training-run.ts";

export const finetuneCommand = defineCommand({
  name: "finetune",
  summary: "Fine-tune a pre-trained BEiT into a classifier, or train one from scratch",
  example: "beit finetune --data photos --from runs/pretrain --labels-per-class 10 --out runs/finetune",
  flags: {
    ...imageFlags,
    from: optional(
      "model",
      "run folder of pretrain, or a BEiT's file, folder or address (its image size becomes the recipe's)",
    ),
    scratch: toggle("start from fresh weights instead, for comparison"),
    labelsPerClass: integer("count", "learn from so many images of every class (default: from all)", 1),
    ...recipeFlags("fine-tune-demo"),
    ...runFlags("runs/finetune"),
    ...trainingFlags,
    ...blockFlags,
    ...looseFlags,
    ...backendFlags,
  },
  async run(flags, context) {
    if ((flags.from === undefined) !== flags.scratch)
      throw usageError("expected --from with a pre-trained checkpoint or --scratch, one of the two");
    const recipe = await loadRecipe(flags, ["fine-tune"]);
    const { images: all, skipped } = await openImages(flags.data, { split: "train", skipBad: flags.skipBad }, context);
    requireLabels(all);
    const images = flags.labelsPerClass === undefined ? all : takePerClass(all, flags.labelsPerClass, recipe.seed);
    totalSteps(recipe, images);
    const { backend, facts } = await openBackend(flags, context);
    const start =
      flags.from === undefined
        ? undefined
        : await openEncoder(
            flags.from,
            backend,
            {
              stages: ["pretrain"],
              imageSize: recipe.view.size,
              allowUnexpected: flags.allowUnexpected,
              heads: flags.heads,
            },
            context,
          );
    const run = {
      ...flags,
      identity: {
        data: imageFacts(all),
        labelsPerClass: flags.labelsPerClass ?? null,
        startWeights: start?.sha256 ?? "scratch",
      },
      facts: runFacts({ data: flags.data, skipped, backend: facts, from: start?.path ?? null }),
    };
    const { recompute } = flags;
    const loop = { recipe, images, backend, recompute, ...(start && { from: start.beit }) };
    await runStage(recipe.stage, loop, run, context);
    return exitCodes.done;
  },
});
