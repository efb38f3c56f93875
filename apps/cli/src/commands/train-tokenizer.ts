// Stage 1: a tokenizer, or the Gaussian VAE that the discrete one is compared with: the recipe's stage says which.
import { openBackend } from "../backends/open.ts";
import { imageFacts, openImages } from "../images/images.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { checkLength } from "../runs/length.ts";
import { loadRecipe } from "../runs/recipe-file.ts";
import { runStage } from "../runs/run-stage.ts";
import { runFacts } from "../runs/training-run.ts";
import type { Context, FlagValues } from "../program/command.ts";
import type { trainTokenizerFlags } from "./declarations/train-tokenizer.ts";

export async function run(flags: FlagValues<typeof trainTokenizerFlags>, context: Context): Promise<number> {
  const recipe = await loadRecipe(flags, ["tokenizer", "gaussian"], context);
  const opened = await openImages(flags.data, { ...flags, split: "train" }, context);
  const { images, skipped } = opened;
  await checkLength(recipe, images, flags);
  const { backend, facts } = await openBackend(flags, context);
  const run = {
    ...flags,
    opened,
    identity: { data: imageFacts(images, flags) },
    facts: runFacts({ data: flags.data, skipped, backend: facts }),
  };
  await runStage(recipe.stage, { recipe, images, backend }, run, context);
  return exitCodes.done;
}
