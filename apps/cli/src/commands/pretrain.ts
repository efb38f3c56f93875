// Stage 2: masked image modeling with a frozen tokenizer.
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import {
  checkMatch,
  pretrain,
  totalSteps,
  type Dataset,
  type PretrainRecipe,
  type PretrainReport,
} from "@beitjs/trainers";
import { backendFlags, openBackend } from "../backends/open.ts";
import { defineCommand, required } from "../program/command.ts";
import { exitCodes, messageOf, usageError } from "../program/exit-codes.ts";
import { formatAccuracy, formatLoss } from "../runs/expectations.ts";
import { imageFacts, imageFlags, openImages } from "../images/images.ts";
import { openTokenizing } from "../models/open.ts";
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

export const pretrainCommand = defineCommand({
  name: "pretrain",
  summary: "Pre-train a BEiT: predict the visual tokens of masked patches",
  example: "beit pretrain --data photos --tokenizer runs/tokenizer --recipe pretrain-demo --out runs/pretrain",
  flags: {
    ...imageFlags,
    tokenizer: required(
      "model",
      "run folder of train-tokenizer, a tokenizer's file or address (OpenAI's encoder.pkl), or small, which comes along",
    ),
    ...recipeFlags("pretrain-demo"),
    ...runFlags("runs/pretrain"),
    ...trainingFlags,
    ...blockFlags,
    ...backendFlags,
  },
  async run(flags, context) {
    const recipe = await loadRecipe(flags, ["pretrain"]);
    const { backend, facts } = await openBackend(flags, context);
    const { tokenizer, sha256, path } = await openTokenizing(
      flags.tokenizer,
      backend,
      { tokenSize: recipe.views.tokenSize },
      context,
    );
    refuseMismatch(recipe, tokenizer);
    const { images, skipped } = await openImages(flags.data, { split: "train", skipBad: flags.skipBad }, context);
    totalSteps(recipe, images);
    await inRunFolder(flags.out, context, async () => {
      const options = {
        folder: flags.out,
        resume: flags.resume,
        saveEvery: flags.saveEvery,
        identity: { data: imageFacts(images), tokenizerWeights: sha256 },
        facts: runFacts({ data: flags.data, skipped, backend: facts, tokenizer: path }),
        ...pretrainRun(recipe, images, { tokenizer, backend, recompute: flags.recompute }),
      };
      await finishRun(await trainingRun(options, context), options, context);
    });
    return exitCodes.done;
  },
});

/** What pre-training adds to a run. */
function pretrainRun(
  recipe: PretrainRecipe,
  images: Dataset,
  options: { readonly tokenizer: TokenizerEncoder; readonly backend: Backend; readonly recompute: boolean },
): Pick<TrainingRunOptions<PretrainReport>, "recipe" | "train" | "model" | "metrics" | "describe"> {
  const { vocabSize } = recipe.model;
  return {
    recipe,
    train: (resume) => pretrain({ recipe, images, ...options, ...(resume && { resume }) }),
    model: ({ beit }) => beit.config,
    metrics: ({ accuracy, maskedPatches }) => ({ accuracy, maskedPatches }),
    describe: ({ loss, accuracy }) => `${formatLoss(loss, vocabSize)}, ${formatAccuracy(accuracy, vocabSize)}`,
  };
}

function refuseMismatch(recipe: PretrainRecipe, tokenizer: TokenizerEncoder): void {
  try {
    checkMatch(recipe, tokenizer);
  } catch (error) {
    throw usageError(`recipe and tokenizer do not fit: ${messageOf(error)}`, error);
  }
}
