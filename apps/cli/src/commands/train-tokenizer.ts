// Stage 1: a tokenizer, or the Gaussian VAE that the discrete one is compared with: the recipe's stage says which.
import { collapseWarning } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import {
  totalSteps,
  trainGaussianVae,
  trainTokenizer,
  type Dataset,
  type GaussianRecipe,
  type GaussianReport,
  type TokenizerRecipe,
  type TokenizerReport,
} from "@beitjs/trainers";
import { backendFlags, openBackend } from "../backends/open.ts";
import { defineCommand } from "../program/command.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { formatLogarithm } from "../runs/expectations.ts";
import { imageFacts, imageFlags, openImages } from "../images/images.ts";
import { loadRecipe, recipeFlags } from "../runs/recipe-file.ts";
import { inRunFolder, runFlags } from "../runs/folder.ts";
import { finishRun, runFacts, trainingFlags, trainingRun, type TrainingRunOptions } from "../runs/training-run.ts";

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
    const opened = await openImages(flags.data, { split: "train", skipBad: flags.skipBad }, context);
    totalSteps(recipe, opened.images);
    await inRunFolder(flags.out, context, async () => {
      const { backend, facts: backendFacts } = await openBackend(flags, context);
      const common = {
        folder: flags.out,
        resume: flags.resume,
        saveEvery: flags.saveEvery,
        identity: { data: imageFacts(opened.images) },
        facts: runFacts({ data: flags.data, skipped: opened.skipped, backend: backendFacts }),
      };
      if (recipe.stage === "tokenizer") {
        const options = { ...common, ...tokenizerRun(recipe, opened.images, backend) };
        await finishRun(await trainingRun(options, context), options, context);
      } else {
        const options = { ...common, ...gaussianRun(recipe, opened.images, backend) };
        await finishRun(await trainingRun(options, context), options, context);
      }
    });
    return exitCodes.done;
  },
});

type RunPart<Report extends TokenizerReport | GaussianReport> = Pick<
  TrainingRunOptions<Report>,
  "recipe" | "train" | "model" | "metrics" | "describe" | "warning"
>;

/** What training a tokenizer adds to a run. */
function tokenizerRun(recipe: TokenizerRecipe, images: Dataset, backend: Backend): RunPart<TokenizerReport> {
  return {
    recipe,
    train: (resume) => trainTokenizer({ recipe, images, backend, ...(resume && { resume }) }),
    model: ({ tokenizer }) => tokenizer.config,
    metrics: ({ reconstruction, kl, balance, temperature, usage }) => ({
      reconstruction,
      kl,
      balance,
      temperature,
      perplexity: usage.perplexity,
      tokensInUse: usage.used,
    }),
    describe: ({ loss, reconstruction, kl, usage: { used, vocabSize, perplexity } }) =>
      `loss ${loss.toFixed(4)}, reconstruction ${reconstruction.toFixed(4)}, KL ${kl.toFixed(2)} (0 to ${formatLogarithm(vocabSize)}), ` +
      `${used} of ${vocabSize} tokens in use, perplexity ${perplexity.toFixed(1)}`,
    // Few tokens are in use before the first hundred steps whatever comes later.
    warning: ({ step, usage }) => (step >= 100 ? collapseWarning(usage) : undefined),
  };
}

/** What training a Gaussian VAE adds to a run. */
function gaussianRun(recipe: GaussianRecipe, images: Dataset, backend: Backend): RunPart<GaussianReport> {
  return {
    recipe,
    train: (resume) => trainGaussianVae({ recipe, images, backend, ...(resume && { resume }) }),
    model: ({ vae }) => vae.config,
    metrics: ({ reconstruction, kl }) => ({ reconstruction, kl }),
    describe: ({ loss, reconstruction, kl }) =>
      `loss ${loss.toFixed(4)}, reconstruction ${reconstruction.toFixed(4)}, KL ${kl.toFixed(2)} per image (0: latents say nothing)`,
  };
}
