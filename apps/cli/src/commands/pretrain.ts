// Stage 2: masked image modeling with a frozen tokenizer.
import { keepsTokenHead } from "@beitjs/beit-encoder";
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import { isImageSize } from "@beitjs/tensor-core/grid";
import { checkMatch, fitToTokenizer, fitToTrained, type PretrainRecipe } from "@beitjs/trainers";
import { openBackend } from "../backends/open.ts";
import { imageFacts } from "../images/images.ts";
import { openEncoder, type OpenedEncoder } from "../models/open-beit.ts";
import { openTokenizerEncoder } from "../models/open-tokenizer.ts";
import type { FlagValues, Context } from "../program/command.ts";
import { exitCodes, messageOf, usageError } from "../program/exit-codes.ts";
import { openFork } from "../runs/fork.ts";
import { heldOutIdentity, openTrainingImages, validationFacts } from "../runs/held-out.ts";
import { checkLength } from "../runs/length.ts";
import { recipeForTokenizer, requestOf } from "../runs/default-recipe.ts";
import { refuseTooLarge, smallerFor } from "../runs/memory.ts";
import { askedOf, loadRecipe } from "../runs/recipe-file.ts";
import { runStage } from "../runs/run-stage.ts";
import { runFacts } from "../runs/training-run.ts";
import { withEma } from "../runs/validation-flags.ts";
import type { pretrainFlags } from "./declarations/pretrain.ts";

// What the tokenizer says of a recipe of ours.
const fitted =
  /^(model\.(imageSize|channels|vocabSize)|views\.(channels|pixelSize|tokenSize|mean|std|colorJitter.*)|mask.*)$/;

export async function run(flags: FlagValues<typeof pretrainFlags>, context: Context): Promise<number> {
  if (flags.fork !== undefined && flags.from !== undefined)
    throw usageError("expected --from with a model to begin with or --fork with a run, one of the two");
  const fork = await openFork(flags, ["pretrain"]);
  const asked = { ...withEma(flags), ...fork?.asked };
  const provisional = { ...asked, recipe: asked.recipe ?? "pretrain-small" };
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
  const start = flags.from === undefined ? undefined : await openEncoder(flags.from, backend, flags, context);
  const change = (base: PretrainRecipe) => fitToTokenizer(start ? fitToTrained(base, start) : base, tokenizer);
  const recipe = await loadRecipe(request, ["pretrain"], {
    ...context,
    fit: { to: start ? "model and tokenizer" : "the tokenizer", change },
  });
  if (start) tellTokenHead(start, recipe, context);
  refuseMismatch(recipe, tokenizer);
  const { recompute } = flags;
  const models = { backend, tokenizer, recompute, ...(start && { from: start.beit }) };
  await refuseTooLarge({ recipe, ...models }, await smallerFor(flags));
  const { channels } = recipe.model;
  const { opened, images, validation, test } = await openTrainingImages({ ...flags, channels }, recipe, context);
  const { images: all, skipped } = opened;
  await checkLength(recipe, images, request);
  const run = {
    ...flags,
    opened,
    identity: {
      data: imageFacts(all, flags),
      tokenizerWeights: sha256,
      ...startIdentity(start),
      ...heldOutIdentity(flags),
    },
    facts: runFacts({
      ...{ data: flags.data, skipped, backend: facts, tokenizer: path },
      ...(start && { from: start.path }),
      ...validationFacts(validation),
    }),
    ...{ test, fork },
  };
  await runStage(recipe.stage, { recipe, images, validation, ...models }, run, context);
  return exitCodes.done;
}

function startIdentity(start: OpenedEncoder | undefined): { readonly startWeights?: string } {
  return start ? { startWeights: start.sha256 } : {};
}

function tellTokenHead({ beit: { config } }: OpenedEncoder, { model }: PretrainRecipe, { terminal }: Context): void {
  const kept = keepsTokenHead(config, model);
  const own = config.vocabSize === 0 ? "the model has none" : `the model's is for ${config.vocabSize} tokens`;
  const tokens = `the tokenizer's ${model.vocabSize} visual tokens`;
  terminal.info(`head: ${kept ? `kept, as it is for as many as ${tokens}` : `new, for ${tokens}, as ${own}`}`);
  terminal.event("head", { kept, vocabSize: model.vocabSize });
}

function refuseMismatch(recipe: PretrainRecipe, tokenizer: TokenizerEncoder): void {
  try {
    checkMatch(recipe, tokenizer);
  } catch (error) {
    const wayOut = "recipes of ours take it from the tokenizer where --set and files say nothing of it";
    throw usageError(`recipe and tokenizer do not fit: ${messageOf(error)}; ${wayOut}`, error);
  }
}
