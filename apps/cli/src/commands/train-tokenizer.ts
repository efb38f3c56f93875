// Stage 1: a tokenizer, or the Gaussian VAE that the discrete one is compared with: the recipe's stage says which.
import { totalSteps } from "@beitjs/trainers";
import { backendFlags, openBackend } from "../backends/open.ts";
import { imageFacts, imageFlags, openImages } from "../images/images.ts";
import { defineCommand } from "../program/command.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { runFlags } from "../runs/folder.ts";
import { loadRecipe, recipeFlags } from "../runs/recipe-file.ts";
import { runStage } from "../runs/run-stage.ts";
import { runFacts, trainingFlags } from "../runs/training-run.ts";

export const trainTokenizerCommand = defineCommand({
  name: "train-tokenizer",
  summary: "Train a tokenizer (dVAE), or with a recipe of stage gaussian the Gaussian VAE",
  example: "beit train-tokenizer --data photos --recipe tokenizer-demo --set epochs=3 --out runs/tokenizer",
  flags: {
    ...imageFlags,
    ...recipeFlags("tokenizer-demo"),
    ...runFlags("runs/tokenizer"),
    ...trainingFlags,
    ...backendFlags,
  },
  async run(flags, context) {
    const recipe = await loadRecipe(flags, ["tokenizer", "gaussian"]);
    const { images, skipped } = await openImages(flags.data, { split: "train", skipBad: flags.skipBad }, context);
    totalSteps(recipe, images);
    const { backend, facts } = await openBackend(flags, context);
    const run = {
      ...flags,
      identity: { data: imageFacts(images) },
      facts: runFacts({ data: flags.data, skipped, backend: facts }),
    };
    await runStage(recipe.stage, { recipe, images, backend }, run, context);
    return exitCodes.done;
  },
});
