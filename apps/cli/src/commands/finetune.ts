// Stage 3: a classifier, from a pre-trained encoder or, for comparison, from scratch.
import type { Backend } from "@beitjs/tensor-core";
import { isImageSize } from "@beitjs/tensor-core/grid";
import { fitToModel, requireLabels, takePerClass, type Dataset, type FineTuneRecipe } from "@beitjs/trainers";
import { openBackend } from "../backends/open.ts";
import { imageFacts } from "../images/images.ts";
import { headFor } from "../models/class-match.ts";
import { refuseOtherClasses } from "../models/labels.ts";
import type { GivenModel } from "../models/sources.ts";
import { tellFineTuning } from "../models/normalization.ts";
import { openEncoder, type OpenedEncoder } from "../models/open-beit.ts";
import type { FlagValues, Context } from "../program/command.ts";
import { asWrongUse, exitCodes, usageError } from "../program/exit-codes.ts";
import { openFork } from "../runs/fork.ts";
import { heldOutIdentity, openTrainingImages, validationFacts } from "../runs/held-out.ts";
import { channelsFit, refuseChannels, tellBands } from "../runs/channels.ts";
import { checkLength } from "../runs/length.ts";
import { batchFor, recipeForImages, recipeForModel, requestOf } from "../runs/default-recipe.ts";
import { refuseTooLarge, smallerFor } from "../runs/memory.ts";
import { otherSizes } from "../runs/other-sizes.ts";
import { askedOf, loadRecipe, sizeOfPurpose } from "../runs/recipe-file.ts";
import { runStage } from "../runs/run-stage.ts";
import { runFacts } from "../runs/training-run.ts";
import { withEma } from "../runs/validation-flags.ts";
import type { finetuneFlags } from "./declarations/finetune.ts";

type Flags = FlagValues<typeof finetuneFlags>;
type Request = Flags & { readonly recipe: string };

// What the model says of a recipe of ours.
const fitted = /^(model|view|evalView)\./;

export async function run(flags: Flags, context: Context): Promise<number> {
  if ([flags.from !== undefined, flags.scratch, flags.fork !== undefined].filter(Boolean).length !== 1)
    throw usageError("expected --from with a model to begin with, --scratch, or --fork with a run, one of the three");
  const fork = await openFork(flags, ["fine-tune"]);
  const asked = { ...withEma(flags), ...fork?.asked };
  const provisional = { ...asked, recipe: asked.recipe ?? "fine-tune-small" };
  const later = (path: readonly unknown[]) => !flags.scratch && fitted.test(path.join("."));
  refuseChannels(flags, flags.scratch ? undefined : fork ? "--fork" : "--from");
  const fit = channelsFit(flags);
  const written = await loadRecipe(provisional, ["fine-tune"], { later, ...fit });
  const { backend, facts } = await openBackend(flags, context);
  const given = fork ? { name: fork.checkpoint.path, checkpoint: fork.checkpoint } : flags.from;
  const start = given === undefined ? undefined : await openStart(given, provisional, backend, context);
  // Images may take long to read: what does not go with the model is said before.
  const known = start ? await loadFitting(provisional, start, undefined) : written;
  const { recompute } = flags;
  const models = { backend, recompute, ...(start && { from: start.beit }) };
  // Without a name the recipe follows the images.
  if (asked.recipe !== undefined) await refuseTooLarge({ recipe: known, ...models }, await smallerFor(flags));
  const { channels } = start?.beit.config ?? written.model;
  const seen = { ...flags, channels };
  const { opened, validation, test, images: rest } = await openTrainingImages(seen, written, context);
  const { images: all, skipped } = opened;
  const classes = requireLabels(all, written.labels);
  if (flags.labelsPerClass !== undefined && all.labels)
    throw usageError("--labels-per-class: expected images of one label each, got some that may have several");
  if (fork) refuseOtherClasses(fork.checkpoint, classes);
  const head = start && !fork ? headFor(start, classes, context) : undefined;
  const { labelsPerClass } = flags;
  const images =
    labelsPerClass === undefined
      ? rest
      : await asWrongUse(`--labels-per-class ${labelsPerClass}`, () =>
          takePerClass(rest, labelsPerClass, written.seed),
        );
  const chosen = start ? recipeForModel(start.beit.config) : await recipeForImages(images, "fine-tune");
  const request = requestOf(asked, chosen, context);
  const recipe = start
    ? await loadFitting(request, start, asked.recipe === undefined ? images : undefined, context)
    : await loadRecipe(request, ["fine-tune"], { ...context, ...fit });
  await checkLength(recipe, images, request);
  if (start) tellFineTuning(recipe, start, context);
  else tellBands(recipe, flags, context);
  const run = {
    ...flags,
    opened,
    identity: {
      data: imageFacts(all, flags),
      labelsPerClass: labelsPerClass ?? null,
      startWeights: fork ? "fork" : (start?.sha256 ?? "scratch"),
      ...heldOutIdentity(flags),
    },
    facts: runFacts({
      ...{ data: flags.data, skipped, backend: facts, from: start?.path ?? null },
      ...validationFacts(validation),
    }),
    ...{ test, fork },
  };
  await runStage(recipe.stage, { recipe, images, validation, head, ...models }, run, context);
  return exitCodes.done;
}

// The model, at the size that files of the user and --set ask for, if they do, or that the recipe is for.
async function openStart(
  from: GivenModel,
  request: Request,
  backend: Backend,
  context: Context,
): Promise<OpenedEncoder> {
  const { allowUnexpected, heads, weights, normalization } = request;
  const paths = [
    ["view", "size"],
    ["evalView", "size"],
    ["model", "imageSize"],
  ];
  const asked = await Promise.all(paths.map((path) => askedOf(request, path)));
  const imageSize = asked.find((size) => isImageSize(size)) ?? (await sizeOfPurpose(request));
  return openEncoder(
    from,
    backend,
    { stages: ["pretrain", "fine-tune"], imageSize, allowUnexpected, heads, weights, normalization },
    context,
  );
}

// The recipe for the model, and where nobody named one, for the number of images.
function loadFitting(
  request: Request,
  start: OpenedEncoder,
  images: Pick<Dataset, "length"> | undefined,
  context?: Context,
): Promise<FineTuneRecipe> {
  const change = (base: FineTuneRecipe) => {
    const recipe = fitToModel(base, start);
    return images ? batchFor(recipe, images) : recipe;
  };
  const fit = { to: "the model", change };
  return loadRecipe(request, ["fine-tune"], { ...context, fit, refuse: (recipe) => otherSizes(recipe, start) });
}
