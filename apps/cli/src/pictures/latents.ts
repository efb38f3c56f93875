// Pictures of what an autoencoder knows: draws from its prior, and of a Gaussian VAE reconstructions and ways between two images.
import { imagesOf, type Image } from "@beitjs/tensor-core/image";
import { tokenEvalView } from "@beitjs/trainers";
import { isPicture, planPictures, writePng } from "../files/picture-output.ts";
import { refuseTaken } from "../files/taken.ts";
import { imageBatches } from "../images/batches.ts";
import { openImageSources } from "../images/sources.ts";
import { interpolate, kindNames, reconstructGaussian, samplesOf, type Autoencoder } from "../models/autoencoder.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import type { reconstructFlags } from "../commands/declarations/reconstruct.ts";
import { largeEnough } from "./reconstruction.ts";
import { sheetOf } from "./sheet.ts";

type Flags = FlagValues<typeof reconstructFlags>;

const interpolationSteps = 8;

/** One picture of draws from the prior, about as many in a row as rows. */
export async function drawSamples(
  autoencoder: Autoencoder,
  { samples, seed, ...flags }: Flags & { readonly samples: number },
  { terminal }: Context,
): Promise<void> {
  await planOne("--samples", flags);
  const images = await samplesOf(autoencoder, samples, seed);
  const columns = Math.ceil(Math.sqrt(samples));
  const rows = Array.from({ length: Math.ceil(samples / columns) }, (_, row) =>
    images.slice(row * columns, (row + 1) * columns).map(largeEnough),
  );
  await writePng(flags.out, sheetOf(rows));
  terminal.info(`${samples} draws from the prior of the ${kindNames[autoencoder.kind]}: ${flags.out}`);
  terminal.event("done", { out: flags.out, samples, seed });
}

/** Images beside their reconstructions by a Gaussian VAE, or the way between two of them. */
export async function fromGaussian(
  { model: vae }: Extract<Autoencoder, { readonly kind: "gaussian" }>,
  flags: Flags,
  context: Context,
): Promise<void> {
  if (flags.tokens !== undefined)
    throw usageError("--tokens: expected a discrete VAE, got a Gaussian one: it has no tokens");
  const { imageSize, channels } = vae.config;
  const sources = await openImageSources(flags.images, { ...flags, channels }, context);
  if (flags.interpolate && sources.length !== 2)
    throw usageError(`--interpolate: expected two images, got ${sources.length}`);
  const output = flags.interpolate ? await planOne("--interpolate", flags) : planPictures(flags.out, sources.names);
  await output.refuseTaken(flags);
  const view = tokenEvalView(channels, imageSize);
  const options = { view, batch: flags.batch, label: "reconstructing", threads: flags.threads };
  const rows: Image[][] = [];
  const views: Float32Array[] = [];
  for await (const batch of imageBatches(sources, options, context)) {
    if (rows.length === 0) await output.create();
    const values = await reconstructGaussian(vae, batch.views);
    for (const [i, image] of imagesOf(values, vae.config).entries()) {
      const shown = batch.views[i];
      const restored = values.subarray(i * shown.length, (i + 1) * shown.length);
      tell(batch.names[i], shown, restored, context);
      const row = [imagesOf(shown, vae.config)[0], image].map(largeEnough);
      if (output.folder) await writePng(output.path(batch.indices[i]), sheetOf([row]));
      rows.push(row);
    }
    if (flags.interpolate) views.push(...batch.views);
  }
  if (flags.interpolate) {
    if (views.length !== 2)
      throw usageError(`--interpolate: expected two images that can be read, got ${views.length}`);
    const between = (await interpolate(vae, views, interpolationSteps)).map(largeEnough);
    await writePng(flags.out, sheetOf([[rows[0][0], ...between, rows[1][0]]]));
    context.terminal.info(`image, ${interpolationSteps} steps between their latents, image: ${flags.out}`);
  } else {
    if (!output.folder) await writePng(flags.out, sheetOf(rows));
    context.terminal.info(`image, reconstruction: ${flags.out}`);
  }
  context.terminal.event("done", { out: flags.out, images: rows.length });
}

function tell(name: string, shown: Float32Array, restored: Float32Array, { terminal }: Context): void {
  const sum = restored.reduce((total, value, i) => total + 2 * Math.abs(value - shown[i]), 0);
  const meanAbsoluteError = sum / shown.length;
  terminal.result(`${name}: mean absolute error ${meanAbsoluteError.toFixed(4)} (pixels in [-1, 1])`);
  terminal.event("reconstruction", { name, meanAbsoluteError });
}

async function planOne(flag: string, { out, force }: Pick<Flags, "out" | "force">) {
  if (!isPicture(out)) throw usageError(`--out ${out}: expected a name that ends in .png for ${flag}`);
  await refuseTaken([out], { force });
  return planPictures(out, [out]);
}
