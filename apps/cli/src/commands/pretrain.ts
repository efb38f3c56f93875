// Stage 2: masked image modeling with a frozen tokenizer.
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import { checkMatch, type PretrainRecipe } from "@beitjs/trainers";
import { openBackend } from "../backends/open.ts";
import { imageFacts, openImages } from "../images/images.ts";
import { openTokenizerEncoder } from "../models/open-tokenizer.ts";
import type { FlagValues, Context } from "../program/command.ts";
import { exitCodes, messageOf, usageError } from "../program/exit-codes.ts";
import { checkLength } from "../runs/length.ts";
import { loadRecipe } from "../runs/recipe-file.ts";
import { runStage } from "../runs/run-stage.ts";
import { runFacts } from "../runs/training-run.ts";
import type { pretrainFlags } from "./declarations/pretrain.ts";

export async function run(flags: FlagValues<typeof pretrainFlags>, context: Context): Promise<number> {
  const recipe = await loadRecipe(flags, ["pretrain"], context);
  const { backend, facts } = await openBackend(flags, context);
  const { tokenizer, sha256, path } = await openTokenizerEncoder(
    flags.tokenizer,
    backend,
    { tokenSize: recipe.views.tokenSize },
    context,
  );
  refuseMismatch(recipe, tokenizer);
  const opened = await openImages(flags.data, { ...flags, split: "train" }, context);
  const { images, skipped } = opened;
  await checkLength(recipe, images, flags);
  const run = {
    ...flags,
    opened,
    identity: { data: imageFacts(images, flags), tokenizerWeights: sha256 },
    facts: runFacts({ data: flags.data, skipped, backend: facts, tokenizer: path }),
  };
  const { recompute } = flags;
  await runStage(recipe.stage, { recipe, images, backend, tokenizer, recompute }, run, context);
  return exitCodes.done;
}

function refuseMismatch(recipe: PretrainRecipe, tokenizer: TokenizerEncoder): void {
  try {
    checkMatch(recipe, tokenizer);
  } catch (error) {
    throw usageError(`recipe and tokenizer do not fit: ${messageOf(error)}`, error);
  }
}
