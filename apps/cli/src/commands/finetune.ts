// Stage 3: a classifier, from a pre-trained encoder or, for comparison, from scratch.
import type { Beit } from "@beitjs/beit-encoder";
import type { Backend } from "@beitjs/tensor-core";
import {
  fineTune,
  requireLabels,
  takePerClass,
  totalSteps,
  type Dataset,
  type FineTuneRecipe,
  type FineTuneReport,
} from "@beitjs/trainers";
import { backendFlags, openBackend } from "../backends/open.ts";
import { defineCommand, integer, optional, toggle } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { formatAccuracy, formatLoss } from "../runs/expectations.ts";
import { imageFacts, imageFlags, openImages } from "../images/images.ts";
import { looseFlags, openEncoder } from "../models/open.ts";
import { loadRecipe, recipeFlags } from "../runs/recipe-file.ts";
import { inRunFolder, runFlags } from "../runs/folder.ts";
import {
  blockFlags,
  finishRun,
  runFacts,
  trainingFlags,
  trainingRun,
  type TrainingRunOptions,
} from "../runs/training-run.ts";

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
    await inRunFolder(flags.out, context, async () => {
      const options = {
        folder: flags.out,
        resume: flags.resume,
        saveEvery: flags.saveEvery,
        identity: {
          data: imageFacts(all),
          labelsPerClass: flags.labelsPerClass ?? null,
          startWeights: start?.sha256 ?? "scratch",
        },
        facts: runFacts({ data: flags.data, skipped, backend: facts, from: start?.path ?? null }),
        ...fineTuneRun(recipe, images, { backend, recompute: flags.recompute, ...(start && { from: start.beit }) }),
      };
      await finishRun(await trainingRun(options, context), options, context);
    });
    return exitCodes.done;
  },
});

/** What fine-tuning adds to a run. */
function fineTuneRun(
  recipe: FineTuneRecipe,
  images: Dataset,
  options: { readonly from?: Beit; readonly backend: Backend; readonly recompute: boolean },
): Pick<TrainingRunOptions<FineTuneReport>, "recipe" | "train" | "model" | "metrics" | "describe"> {
  const { length } = requireLabels(images);
  return {
    recipe,
    train: (resume) => fineTune({ recipe, images, ...options, ...(resume && { resume }) }),
    model: ({ beit }) => beit.config,
    metrics: ({ accuracy }) => ({ accuracy }),
    describe: ({ loss, accuracy }) => `${formatLoss(loss, length)}, ${formatAccuracy(accuracy, length)}`,
  };
}
