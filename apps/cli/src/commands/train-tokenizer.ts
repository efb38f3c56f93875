// Stage 1: a tokenizer, or the Gaussian VAE that the discrete one is compared with: the recipe's stage says which.
import { openBackend } from "../backends/open.ts";
import { imageFacts } from "../images/images.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { openFork } from "../runs/fork.ts";
import { heldOutIdentity, openTrainingImages, validationFacts } from "../runs/held-out.ts";
import { channelsFit, refuseChannels, tellBands } from "../runs/channels.ts";
import { checkLength } from "../runs/length.ts";
import { recipeForImages, requestOf } from "../runs/default-recipe.ts";
import { refuseTooLarge, smallerFor } from "../runs/memory.ts";
import { loadRecipe } from "../runs/recipe-file.ts";
import { runStage } from "../runs/run-stage.ts";
import { runFacts } from "../runs/training-run.ts";
import { withEma } from "../runs/validation-flags.ts";
import type { Context, FlagValues } from "../program/command.ts";
import type { trainTokenizerFlags } from "./declarations/train-tokenizer.ts";

export async function run(flags: FlagValues<typeof trainTokenizerFlags>, context: Context): Promise<number> {
  const stages = ["tokenizer", "gaussian"] as const;
  const fork = await openFork(flags, stages);
  const asked = { ...withEma(flags), ...fork?.asked };
  refuseChannels(flags, fork && "--fork");
  const fit = channelsFit(flags);
  const named = { ...asked, recipe: asked.recipe ?? "tokenizer-small" };
  const written = await loadRecipe(named, stages, { ...context, ...fit });
  tellBands(written, flags, context);
  const { channels } = written.model;
  // Without a name the recipe follows the images, and memory is looked at after them.
  const before = asked.recipe === undefined ? undefined : await openBackend(flags, context);
  if (before) await refuseTooLarge({ recipe: written, backend: before.backend }, await smallerFor(flags));
  const { opened, images, validation, test } = await openTrainingImages({ ...flags, channels }, written, context);
  const { images: all, skipped } = opened;
  const request = requestOf(asked, await recipeForImages(images, "tokenizer"), context);
  const recipe = asked.recipe === undefined ? await loadRecipe(request, stages, fit) : written;
  await checkLength(recipe, images, request);
  const { backend, facts } = before ?? (await openBackend(flags, context));
  const run = {
    ...flags,
    opened,
    identity: { data: imageFacts(all, flags), ...heldOutIdentity(flags) },
    facts: runFacts({ data: flags.data, skipped, backend: facts, ...validationFacts(validation) }),
    ...{ test, fork },
  };
  await runStage(recipe.stage, { recipe, images, backend, validation }, run, context);
  return exitCodes.done;
}
