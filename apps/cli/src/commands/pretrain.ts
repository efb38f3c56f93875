// Stage 2: masked image modeling, with a frozen tokenizer or with pixels.
import { keepsTokenHead } from "@beitjs/beit-encoder";
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import { isImageSize } from "@beitjs/tensor-core/grid";
import { fitToTokenizer, fitToTrained, pretrainingConfig, type PretrainRecipe } from "@beitjs/trainers";
import { openBackend } from "../backends/open.ts";
import { imageFacts } from "../images/images.ts";
import { openEncoder, type OpenedEncoder } from "../models/open-beit.ts";
import { openTokenizerEncoder } from "../models/open-tokenizer.ts";
import { openProbing } from "../probes/on-the-way.ts";
import type { FlagValues, Context } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { openFork } from "../runs/fork.ts";
import { heldOutIdentity, openTrainingImages, validationFacts } from "../runs/held-out.ts";
import { checkLength } from "../runs/length.ts";
import { recipeForTokenizer, recipeWithoutTokenizer, requestOf } from "../runs/default-recipe.ts";
import { refuseTooLarge, smallerFor } from "../runs/memory.ts";
import { refuseMismatch } from "../runs/mismatch.ts";
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
  const usual = flags.tokenizer === undefined ? recipeWithoutTokenizer.name : "pretrain-small";
  const provisional = { ...asked, recipe: asked.recipe ?? usual };
  const { target } = await loadRecipe(provisional, ["pretrain"], { later: (path) => fitted.test(path.join(".")) });
  requireTokenizer(flags, target, provisional.recipe);
  const tokenSize = await askedOf(provisional, ["views", "tokenSize"]);
  const { backend, facts } = await openBackend(flags, context);
  const opening = isImageSize(tokenSize) ? { usualTokenSize: tokenSize } : {};
  const named =
    flags.tokenizer === undefined ? undefined : await openTokenizerEncoder(flags.tokenizer, backend, opening, context);
  const tokenizer = named?.tokenizer;
  const chosen = tokenizer ? recipeForTokenizer(tokenizer.config) : recipeWithoutTokenizer;
  const request = requestOf(asked, chosen, context);
  const start = flags.from === undefined ? undefined : await openEncoder(flags.from, backend, flags, context);
  const recipe = await loadRecipe(request, ["pretrain"], { ...context, ...fitOf(start, tokenizer) });
  if (start) tellTokenHead(start, recipe, context);
  if (tokenizer) refuseMismatch(recipe, tokenizer);
  const { recompute } = flags;
  const given = { ...(tokenizer && { tokenizer }), ...(start && { from: start.beit }) };
  const models = { backend, recompute, ...given };
  await refuseTooLarge({ recipe, ...models }, await smallerFor(flags));
  const { channels } = recipe.model;
  const { opened, images, validation, test } = await openTrainingImages({ ...flags, channels }, recipe, context);
  const { images: all, skipped } = opened;
  await checkLength(recipe, images, request);
  const run = {
    ...flags,
    aside: await openProbing(flags, { recipe, images, backend }, context),
    opened,
    identity: {
      data: imageFacts(all, flags),
      ...(named && { tokenizerWeights: named.sha256 }),
      ...startIdentity(start),
      ...heldOutIdentity(flags),
    },
    facts: runFacts({
      ...{ data: flags.data, skipped, backend: facts, ...(named && { tokenizer: named.path }) },
      ...(start && { from: start.path }),
      ...validationFacts(validation),
    }),
    ...{ test, fork },
  };
  await runStage(recipe.stage, { recipe, images, validation, ...models }, run, context);
  return exitCodes.done;
}

function requireTokenizer(
  { tokenizer }: { readonly tokenizer: string | undefined },
  target: PretrainRecipe["target"],
  recipe: string,
): void {
  if (target === "tokens" && tokenizer === undefined) {
    throw usageError(
      `expected --tokenizer, as recipe ${recipe} predicts visual tokens: a run of train-tokenizer, a file, or small, ` +
        "which comes along; --set target=pixels takes none",
    );
  }
  if (target === "pixels" && tokenizer !== undefined)
    throw usageError(`--tokenizer: expected none, as recipe ${recipe} predicts pixels; --set target=tokens takes one`);
}

// What a recipe of ours becomes for the models at hand.
function fitOf(start: OpenedEncoder | undefined, tokenizer: TokenizerEncoder | undefined) {
  if (!start && !tokenizer) return {};
  const change = (base: PretrainRecipe) => {
    const own = start ? fitToTrained(base, start) : base;
    return tokenizer ? fitToTokenizer(own, tokenizer) : own;
  };
  const to = !start ? "the tokenizer" : tokenizer ? "model and tokenizer" : "the model";
  return { fit: { to, change } };
}

function startIdentity(start: OpenedEncoder | undefined): { readonly startWeights?: string } {
  return start ? { startWeights: start.sha256 } : {};
}

function tellTokenHead({ beit: { config } }: OpenedEncoder, recipe: PretrainRecipe, { terminal }: Context): void {
  const { model } = recipe;
  if (pretrainingConfig(recipe).vocabSize === 0) return terminal.info("head: new, for what the recipe predicts");
  const kept = keepsTokenHead(config, model);
  const own = config.vocabSize === 0 ? "the model has none" : `the model's is for ${config.vocabSize} tokens`;
  const tokens = `the tokenizer's ${model.vocabSize} visual tokens`;
  terminal.info(`head: ${kept ? `kept, as it is for as many as ${tokens}` : `new, for ${tokens}, as ${own}`}`);
  terminal.event("head", { kept, vocabSize: model.vocabSize });
}
