// What a trained model can do on images it was not trained on; which figures depends on what it was trained for.
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import type { Dataset } from "@beitjs/trainers";
import type { LoadedCheckpoint } from "@beitjs/trainers/node";
import { openBackend } from "../backends/open.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { interruptible, openImages, testSplit } from "../images/images.ts";
import { refuseTaken } from "../files/taken.ts";
import { foreignFigures } from "../models/foreign-figures.ts";
import { recipeOf, requireStage, takeWeights } from "../models/from-checkpoint.ts";
import { resizingOf, withImageSize } from "../models/open-beit.ts";
import { openTokenizerEncoder, type OpenTokenizerOptions } from "../models/open-tokenizer.ts";
import { withModel } from "../models/sources.ts";
import { evaluationFiles, writeEvaluation } from "../report/write-evaluation.ts";
import { figuresOf, stageNames, stages, type Figures } from "../runs/stages.ts";
import type { evaluateFlags } from "./declarations/evaluate.ts";

// In the page, as pictures.
const mostMistakes = 24;

type Flags = FlagValues<typeof evaluateFlags>;
type Measured = { readonly images: Dataset; readonly facts: object };

export async function run(flags: Flags, context: Context): Promise<number> {
  const { terminal } = context;
  const paths = flags.decoder === undefined ? [flags.model] : [flags.model, flags.decoder];
  const out = await evaluationFiles(flags.out);
  await refuseTaken(out, flags);
  const { figures, result, images } = await withModel(paths, context, async (found) => {
    if (found.checkpoint) requireStage(found.checkpoint, stageNames);
    const split = flags.split === "auto" ? await testSplit(flags.data, flags) : flags.split;
    let measured: Measured | undefined;
    const open = async (channels: number): Promise<Measured> => {
      const { images, skipped } = await openImages(flags.data, { ...flags, split, channels }, context);
      const facts = { split, images: images.length, skippedImages: skipped.length };
      return (measured = { images: interruptible(images, context), facts });
    };
    if (found.checkpoint) {
      const { images, facts } = await open(recipeOf(found.checkpoint).model.channels);
      const { backend } = await openBackend(flags, context);
      const run = await measureRun(found.checkpoint, { backend, images }, facts, flags, context);
      return { images, ...run };
    }
    const { backend } = await openBackend(flags, context);
    const options = {
      ...{ ...flags, batchSize: flags.batch, mistakes: mostMistakes },
      images: async (channels: number) => (await open(channels)).images,
      tokenizer: () => openTokenizerOf(flags.tokenizer, flags, backend, context),
    };
    const { stage, facts: own, notes, ...figures } = await foreignFigures(found, backend, options, context);
    for (const note of notes) terminal.info(note);
    const { images, facts } = measured as unknown as Measured;
    return { images, figures, result: { stage, ...own, ...facts, ...figures.values } };
  });
  for (const line of [...figures.lines, ...(figures.details ?? [])]) terminal.result(line);
  terminal.event("scores", result);
  await writeEvaluation(out, { result, figures, images });
  if (out.length > 0) terminal.info(`figures: ${out.join(", ")}`);
  return exitCodes.done;
}

async function measureRun(
  run: LoadedCheckpoint,
  { backend, images }: { readonly backend: Backend; readonly images: Dataset },
  facts: object,
  flags: Flags,
  context: Context,
): Promise<{ readonly figures: Figures; readonly result: Readonly<Record<string, unknown>> }> {
  refuseOnRuns(flags);
  const { imageSize } = flags;
  const checkpoint = takeWeights(run, flags.weights, context);
  const recipe = recipeOf(checkpoint);
  if (imageSize !== undefined && stages[recipe.stage].kind !== "beit")
    throw usageError(`--image-size: expected a BEiT, got a run of ${recipe.stage}, which is measured at its own size`);
  const usualTokenSize = recipe.stage === "pretrain" ? recipe.views.tokenSize : undefined;
  const sizes = { tokenSize: flags.tokenSize, usualTokenSize };
  const measured = {
    ...{ checkpoint, recipe, backend, images },
    mistakes: mostMistakes,
    // The one that was asked for, or the one that the run was trained with.
    tokenizer: () =>
      openTokenizerOf(flags.tokenizer ?? checkpoint.manifest.run?.["tokenizer"], sizes, backend, context),
    opening: { ...resizingOf(flags), imageSize },
    ...(flags.batch !== undefined && { batchSize: flags.batch }),
  };
  const figures = await withImageSize(imageSize, () => figuresOf(recipe.stage, measured));
  const { step } = checkpoint.manifest;
  return { figures, result: { stage: recipe.stage, checkpoint: checkpoint.path, step, ...facts, ...figures.values } };
}

// A run says all that these would.
function refuseOnRuns({ labels, decoder, normalization }: Flags): void {
  const given = { labels, decoder, normalization: normalization === "auto" ? undefined : normalization };
  const flag = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (flag !== undefined) throw usageError(`--${flag}: expected a file, a folder or an address, got a run of ours`);
}

async function openTokenizerOf(
  path: unknown,
  sizes: OpenTokenizerOptions,
  backend: Backend,
  context: Context,
): Promise<TokenizerEncoder> {
  if (typeof path !== "string") {
    throw usageError("expected --tokenizer for a pre-trained model that does not name its tokenizer");
  }
  return (await openTokenizerEncoder(path, backend, sizes, context)).tokenizer;
}
