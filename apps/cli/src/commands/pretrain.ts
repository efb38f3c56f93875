// Stage 2: masked image modeling with a frozen tokenizer.
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import { isImageSize } from "@beitjs/tensor-core/grid";
import { checkMatch, fitToTokenizer, type PretrainRecipe } from "@beitjs/trainers";
import { openBackend } from "../backends/open.ts";
import { imageFacts } from "../images/images.ts";
import { openTokenizerEncoder } from "../models/open-tokenizer.ts";
import type { FlagValues, Context } from "../program/command.ts";
import { exitCodes, messageOf, usageError } from "../program/exit-codes.ts";
import { heldOutIdentity, openTrainingImages, validationFacts } from "../runs/held-out.ts";
import { checkLength } from "../runs/length.ts";
import { recipeForTokenizer, requestOf } from "../runs/default-recipe.ts";
import { askedOf, loadRecipe } from "../runs/recipe-file.ts";
import { runStage } from "../runs/run-stage.ts";
import { runFacts } from "../runs/training-run.ts";
import { withEma } from "../runs/validation-flags.ts";
import type { pretrainFlags } from "./declarations/pretrain.ts";

// What the tokenizer says of a recipe of ours.
const fitted = /^(model\.(imageSize|channels|vocabSize)|views\.(channels|pixelSize|tokenSize|mean|std)|mask.*)$/;

export async function run(flags: FlagValues<typeof pretrainFlags>, context: Context): Promise<number> {
  const asked = withEma(flags);
  const provisional = { ...asked, recipe: flags.recipe ?? "pretrain-small" };
  await loadRecipe(provisional, ["pretrain"], { later: (path) => fitted.test(path.join(".")) });
  const tokenSize = await askedOf(provisional, ["views", "tokenSize"]);
  const { backend, facts } = await openBackend(flags, context);
  const { tokenizer, sha256, path } = await openTokenizerEncoder(
    flags.tokenizer,
    backend,
    isImageSize(tokenSize) ? { tokenSize } : {},
    context,
  );
  const request = requestOf(asked, recipeForTokenizer(tokenizer.config), context);
  const change = (base: PretrainRecipe) => fitToTokenizer(base, tokenizer);
  const recipe = await loadRecipe(request, ["pretrain"], { ...context, fit: { to: "the tokenizer", change } });
  refuseMismatch(recipe, tokenizer);
  const { opened, images, validation, test } = await openTrainingImages(flags, recipe, context);
  const { images: all, skipped } = opened;
  await checkLength(recipe, images, request);
  const run = {
    ...flags,
    opened,
    identity: { data: imageFacts(all, flags), tokenizerWeights: sha256, ...heldOutIdentity(flags) },
    facts: runFacts({ data: flags.data, skipped, backend: facts, tokenizer: path, ...validationFacts(validation) }),
    test,
  };
  const { recompute } = flags;
  await runStage(recipe.stage, { recipe, images, backend, tokenizer, recompute, validation }, run, context);
  return exitCodes.done;
}

function refuseMismatch(recipe: PretrainRecipe, tokenizer: TokenizerEncoder): void {
  try {
    checkMatch(recipe, tokenizer);
  } catch (error) {
    const wayOut = "recipes of ours take it from the tokenizer where --set and files say nothing of it";
    throw usageError(`recipe and tokenizer do not fit: ${messageOf(error)}; ${wayOut}`, error);
  }
}
