// Two autoencoders, each discrete or Gaussian, on the same images: a picture and the figures of both. (BEiT's comparison, figure 14)
import { imagesOf, type Image } from "@beitjs/tensor-core/image";
import { sameSize, formatSize } from "@beitjs/tensor-core/grid";
import {
  evaluateGaussian,
  evaluateGaussianBound,
  evaluateTokenizer,
  evaluateTokenizerBound,
  memoryDataset,
  tokenEvalView,
  type Dataset,
} from "@beitjs/trainers";
import { openBackend } from "../backends/open.ts";
import { isPicture, planPictures, writePng } from "../files/picture-output.ts";
import { imageBatches } from "../images/batches.ts";
import { joinValues } from "../images/join-values.ts";
import { openImageSources } from "../images/sources.ts";
import { kindNames, openAutoencoder, reconstructGaussian, type Autoencoder } from "../models/autoencoder.ts";
import { reconstruct } from "../models/tokenizer-outputs.ts";
import { largeEnough } from "../pictures/reconstruction.ts";
import { sheetOf } from "../pictures/sheet.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { codebookFigures, gaussianFigures, withReconstructions } from "../runs/reconstruction-figures.ts";
import type { Figures } from "../runs/stages.ts";
import type { vaeCompareFlags } from "./declarations/vae-compare.ts";

type Flags = FlagValues<typeof vaeCompareFlags>;

export async function run(flags: Flags, context: Context): Promise<number> {
  const { terminal, interrupt } = context;
  if (flags.models.length !== 2) throw usageError(`expected two models, got ${flags.models.length}`);
  if (!isPicture(flags.out)) throw usageError(`--out ${flags.out}: expected a name that ends in .png`);
  const { backend } = await openBackend(flags, context);
  const models: Autoencoder[] = [];
  for (const path of flags.models) models.push(await openAutoencoder(path, backend, flags, context));
  const { images, views } = await imagesFor(models, flags, context);
  const rows: Image[][] = imagesOf(joinValues(views), models[0].model.config).map((image) => [largeEnough(image)]);
  for (const [i, one] of models.entries()) {
    const figures = await figuresOf(one, images, flags.batch);
    interrupt.check();
    const restored = await restoredBy(one, views, flags.batch);
    for (const [row, image] of restored.entries()) rows[row].push(largeEnough(image));
    terminal.result(`${"AB"[i]}, ${kindNames[one.kind]} ${one.path}:`);
    for (const line of figures.lines) terminal.result(`  ${line}`);
    terminal.event("scores", { model: one.path, kind: one.kind, images: images.length, ...figures.values });
  }
  await writePng(flags.out, sheetOf(rows));
  terminal.info(`image, reconstruction by A, by B: ${flags.out}`);
  terminal.event("done", { out: flags.out, images: images.length });
  return exitCodes.done;
}

/** The images as both models see them, in 8 bits a value. */
async function imagesFor(
  models: readonly Autoencoder[],
  flags: Flags,
  context: Context,
): Promise<{ readonly images: Dataset; readonly views: readonly Float32Array[] }> {
  const [{ config }, { config: other }] = models.map(({ model }) => model);
  if (!sameSize(config.imageSize, other.imageSize) || config.channels !== other.channels) {
    const [expected, got] = [config, other].map((one) => `${formatSize(one.imageSize)} with ${one.channels}`);
    throw usageError(`expected two models of images of one size, got ${expected} and ${got} channels`);
  }
  const sources = await openImageSources(flags.images, { ...flags, channels: config.channels }, context);
  await planPictures(flags.out, sources.names).refuseTaken(flags);
  const view = tokenEvalView(config.channels, config.imageSize);
  const options = { view, batch: flags.batch, label: "reading", threads: flags.threads };
  const [pixels, names]: [Float32Array[], string[]] = [[], []];
  for await (const batch of imageBatches(sources, options, context)) {
    pixels.push(...batch.views);
    names.push(...batch.names);
  }
  const [{ width, height, channels }] = imagesOf(pixels[0], config);
  const data = Uint8Array.from(joinValues(pixels), (value) => Math.round(255 * value));
  const images = memoryDataset({ width, height, channels, data, name: (index) => names[index] });
  return { images, views: pixels.map((one) => one.map((value) => Math.round(255 * value) / 255)) };
}

async function figuresOf(one: Autoencoder, images: Dataset, batchSize: number): Promise<Figures> {
  const view = tokenEvalView(one.model.config.channels, one.model.config.imageSize);
  const options = { view, batchSize };
  if (one.kind === "gaussian") {
    const figures = gaussianFigures(await evaluateGaussian(one.model, images, options));
    return withReconstructions(figures, await evaluateGaussianBound(one.model, images, options));
  }
  const figures = codebookFigures(await evaluateTokenizer(one.model, images, options));
  return withReconstructions(figures, await evaluateTokenizerBound(one.model, images, options));
}

async function restoredBy(one: Autoencoder, views: readonly Float32Array[], batch: number): Promise<readonly Image[]> {
  const restored: Image[] = [];
  for (let start = 0; start < views.length; start += batch) {
    const part = views.slice(start, start + batch);
    if (one.kind === "gaussian")
      restored.push(...imagesOf(await reconstructGaussian(one.model, part), one.model.config));
    else restored.push(...(await reconstruct(one.model, part)).map((image) => image.restored));
  }
  return restored;
}
