// Stage 3: a classifier, from a pre-trained encoder or, for comparison, from scratch.
import { fitToModel, requireLabels, takePerClass } from "@beitjs/trainers";
import { openBackend } from "../backends/open.ts";
import { imageFacts } from "../images/images.ts";
import { tellFineTuning } from "../models/normalization.ts";
import { openEncoder } from "../models/open-beit.ts";
import type { FlagValues, Context } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { heldOutIdentity, openTrainingImages, validationFacts } from "../runs/held-out.ts";
import { checkLength } from "../runs/length.ts";
import { loadRecipe } from "../runs/recipe-file.ts";
import { runStage } from "../runs/run-stage.ts";
import { runFacts } from "../runs/training-run.ts";
import { withEma } from "../runs/validation-flags.ts";
import type { finetuneFlags } from "./declarations/finetune.ts";

export async function run(flags: FlagValues<typeof finetuneFlags>, context: Context): Promise<number> {
  if ((flags.from === undefined) !== flags.scratch)
    throw usageError("expected --from with a pre-trained checkpoint or --scratch, one of the two");
  const asked = withEma(flags);
  const written = await loadRecipe(asked, ["fine-tune"], context);
  const { opened, validation, test, images: rest } = await openTrainingImages(flags, written, context);
  const { images: all, skipped } = opened;
  requireLabels(all, written.labels);
  if (flags.labelsPerClass !== undefined && all.labels)
    throw usageError("--labels-per-class: expected images of one label each, got some that may have several");
  const { labelsPerClass } = flags;
  const images = labelsPerClass === undefined ? rest : takePerClass(rest, labelsPerClass, written.seed);
  await checkLength(written, images, flags);
  const { backend, facts } = await openBackend(flags, context);
  const start =
    flags.from === undefined
      ? undefined
      : await openEncoder(
          flags.from,
          backend,
          {
            stages: ["pretrain"],
            imageSize: written.view.size,
            allowUnexpected: flags.allowUnexpected,
            heads: flags.heads,
            weights: flags.weights,
            normalization: flags.normalization,
          },
          context,
        );
  const recipe = start ? await loadRecipe(asked, ["fine-tune"], { fit: (base) => fitToModel(base, start) }) : written;
  if (start) tellFineTuning(recipe, start, context);
  const run = {
    ...flags,
    opened,
    identity: {
      data: imageFacts(all, flags),
      labelsPerClass: labelsPerClass ?? null,
      startWeights: start?.sha256 ?? "scratch",
      ...heldOutIdentity(flags),
    },
    facts: runFacts({
      ...{ data: flags.data, skipped, backend: facts, from: start?.path ?? null },
      ...validationFacts(validation),
    }),
    test,
  };
  const { recompute } = flags;
  const loop = { recipe, images, backend, recompute, validation, ...(start && { from: start.beit }) };
  await runStage(recipe.stage, loop, run, context);
  return exitCodes.done;
}
