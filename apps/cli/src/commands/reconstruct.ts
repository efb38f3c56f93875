// What a tokenizer keeps of images: the image, its visual tokens and what is made of them, as pictures.
import { decodeTokens, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { imagesOf } from "@beitjs/tensor-core/image";
import { tokenEvalView } from "@beitjs/trainers";
import { openBackend } from "../backends/open.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { drawReconstructions, type ReconstructionPanels } from "../pictures/reconstruction.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { imageBatches } from "../images/batches.ts";
import { openImageSources } from "../images/sources.ts";
import { openAutoencoder } from "../models/autoencoder.ts";
import { isPicture, planPictures, writePng } from "../files/picture-output.ts";
import { readTokens } from "../files/token-file.ts";
import { drawSamples, fromGaussian } from "../pictures/latents.ts";
import { reconstruct, type ReconstructedImage } from "../models/tokenizer-outputs.ts";
import type { reconstructFlags } from "./declarations/reconstruct.ts";

export async function run(flags: FlagValues<typeof reconstructFlags>, context: Context): Promise<number> {
  const { tokens, images, samples } = flags;
  const given = [tokens !== undefined, images.length > 0, samples !== undefined].filter(Boolean);
  if (given.length !== 1) throw usageError("expected either --images or --tokens or --samples");
  if (flags.interpolate && images.length === 0) throw usageError("--interpolate: expected two --images");
  const { backend } = await openBackend(flags, context);
  const opened = await openAutoencoder(flags.tokenizer, backend, flags, context);
  if (samples !== undefined) await drawSamples(opened, { ...flags, samples }, context);
  else if (opened.kind === "gaussian") await fromGaussian(opened, flags, context);
  else if (flags.interpolate)
    throw usageError("--interpolate: expected a Gaussian VAE, got a discrete one: between two tokens there is nothing");
  else if (tokens === undefined) await fromImages(opened.model, flags, context);
  else await fromTokens(opened.model, { ...flags, tokens }, context);
  return exitCodes.done;
}

type ImageFlags = {
  readonly images: readonly string[];
  readonly skipBad: boolean;
  readonly batch: number;
  readonly threads: number | undefined;
  readonly out: string;
  readonly force: boolean;
};

async function fromImages(tokenizer: Tokenizer, flags: ImageFlags, context: Context): Promise<void> {
  const { imageSize, channels } = tokenizer.config;
  const images = await openImageSources(flags.images, { ...flags, channels }, context);
  const output = planPictures(flags.out, images.names);
  await output.refuseTaken(flags);
  const view = tokenEvalView(channels, imageSize);
  const options = { view, batch: flags.batch, label: "reconstructing", threads: flags.threads };
  const rows: ReconstructionPanels[] = [];
  const used = new Set<number>();
  let [error, done] = [0, 0];
  for await (const batch of imageBatches(images, options, context)) {
    for (const [i, one] of (await reconstruct(tokenizer, batch.views)).entries()) {
      if (done === 0) await output.create();
      const path = output.path(batch.indices[i]);
      error += one.meanAbsoluteError;
      for (const id of one.visualTokens) used.add(id);
      tell(batch.names[i], one, path, context);
      if (output.folder) await writePng(path, drawReconstructions([one]));
      else rows.push(one);
      done++;
    }
  }
  if (!output.folder) await writePng(flags.out, drawReconstructions(rows));
  const mean = error / done;
  const { vocabSize } = tokenizer.config;
  if (done > 1) {
    context.terminal.result(
      `${done} images: mean absolute error ${mean.toFixed(4)} (pixels in [-1, 1]), ${used.size} of ${vocabSize} tokens in use`,
    );
  }
  context.terminal.info(`image, visual tokens, reconstruction: ${flags.out}`);
  context.terminal.event("done", {
    out: flags.out,
    images: done,
    meanAbsoluteError: mean,
    tokensInUse: used.size,
    vocabSize,
  });
}

function tell(
  name: string,
  { meanAbsoluteError, visualTokens }: ReconstructedImage,
  out: string,
  { terminal }: Context,
) {
  const distinctTokens = new Set(visualTokens).size;
  const error = `mean absolute error ${meanAbsoluteError.toFixed(4)} (pixels in [-1, 1])`;
  terminal.result(`${name}: ${error}, ${distinctTokens} distinct tokens in ${visualTokens.length} cells`);
  terminal.event("reconstruction", { name, meanAbsoluteError, distinctTokens, tokens: visualTokens.length, out });
}

type TokenFlags = Pick<ImageFlags, "batch" | "out" | "force"> & { readonly tokens: string };

async function fromTokens(tokenizer: Tokenizer, flags: TokenFlags, { terminal, interrupt }: Context): Promise<void> {
  const all = await readTokens(flags.tokens, tokenizer.config);
  if (isPicture(flags.out) && all.length > 1) {
    throw usageError(`--out ${flags.out}: expected a folder for the ${all.length} images of ${flags.tokens}`);
  }
  const output = planPictures(
    flags.out,
    all.map(({ name }) => name),
  );
  await output.refuseTaken(flags);
  await output.create();
  for (let start = 0; start < all.length; start += flags.batch) {
    await new Promise((resolve) => setImmediate(resolve)); // a signal is heard between batches
    interrupt.check();
    const part = all.slice(start, start + flags.batch);
    const ids = part.flatMap(({ tokens }) => Array.from(tokens));
    const decoded = imagesOf(await decodeTokens(tokenizer, ids), tokenizer.config);
    for (const [i, image] of decoded.entries()) await writePng(output.path(start + i), image);
  }
  terminal.info(`${all.length} images decoded: ${flags.out}`);
  terminal.event("done", { out: flags.out, images: all.length });
}
