// Stage 1: a tokenizer, or the Gaussian VAE that the discrete one is compared with: the recipe's stage says which.
import { totalSteps } from "@beitjs/trainers";
import { openBackend } from "../backends/open.ts";
import { imageFacts } from "../images/images.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { heldOutIdentity, openTrainingImages, validationFacts } from "../runs/held-out.ts";
import { loadRecipe } from "../runs/recipe-file.ts";
import { runStage } from "../runs/run-stage.ts";
import { runFacts } from "../runs/training-run.ts";
import { withEma } from "../runs/validation-flags.ts";
import type { Context, FlagValues } from "../program/command.ts";
import type { trainTokenizerFlags } from "./declarations/train-tokenizer.ts";

export async function run(flags: FlagValues<typeof trainTokenizerFlags>, context: Context): Promise<number> {
  const recipe = await loadRecipe(withEma(flags), ["tokenizer", "gaussian"]);
  const { all, images, skipped, validation, test } = await openTrainingImages(flags, recipe, context);
  totalSteps(recipe, images);
  const { backend, facts } = await openBackend(flags, context);
  const run = {
    ...flags,
    identity: { data: imageFacts(all, flags), ...heldOutIdentity(flags) },
    facts: runFacts({ data: flags.data, skipped, backend: facts, ...validationFacts(validation) }),
    test,
  };
  await runStage(recipe.stage, { recipe, images, backend, validation }, run, context);
  return exitCodes.done;
}
