// Images to features, for search, clustering or a model on top.
import { formatSize } from "@beitjs/tensor-core/grid";
import { extname } from "node:path";
import { openBackend } from "../backends/open.ts";
import { featureShape, imageFeatures, type FeatureOptions } from "../models/beit-outputs.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { createFeatureFile, type FeatureFile } from "../files/feature-file.ts";
import { refuseTaken } from "../files/taken.ts";
import { imageBatches } from "../images/batches.ts";
import { openImageSources, type ImageSources } from "../images/sources.ts";
import { openEncoder, type OpenedEncoder } from "../models/open-beit.ts";
import type { encodeFlags } from "./declarations/encode.ts";

export async function run(flags: FlagValues<typeof encodeFlags>, context: Context): Promise<number> {
  const format = formatOf(flags.out);
  await refuseTaken([flags.out], flags);
  const { backend } = await openBackend(flags, context);
  const model = await openEncoder(flags.model, backend, flags, context);
  const { depth } = model.beit.config;
  if (flags.layer !== undefined && flags.layer >= depth) {
    throw usageError(`--layer ${flags.layer}: expected 0 to ${depth - 1}`);
  }
  const images = await openImageSources(flags.images, { ...flags, channels: model.view.channels }, context);
  const options = { kind: flags.output, layer: flags.layer };
  const contents = (names: readonly string[]) => ({
    shape: [names.length, ...featureShape(model.beit, flags.output)],
    metadata: metadataOf(model, options, names),
  });
  const file = await createFeatureFile(flags.out, { format, ...contents(images.names) });
  let names: readonly string[];
  try {
    names = await encodeAll(model, images, { ...options, ...flags, file }, context);
    await file.finish(contents(names));
  } catch (error) {
    await file.discard();
    throw error;
  }
  const { shape } = contents(names);
  context.terminal.info(`features of ${names.length} images, float32 [${shape.join(", ")}]: ${flags.out}`);
  context.terminal.event("done", { out: flags.out, shape, names, model: model.sha256 });
  return exitCodes.done;
}

function formatOf(out: string): "safetensors" | "npy" {
  const kind = extname(out);
  if (kind === ".safetensors") return "safetensors";
  if (kind === ".npy") return "npy";
  throw usageError(`--out ${out}: expected a name that ends in .safetensors or .npy`);
}

// What it takes to know later what these numbers are.
function metadataOf(
  { sha256, path, view }: OpenedEncoder,
  { kind, layer }: FeatureOptions,
  names: readonly string[],
): Record<string, string> {
  return {
    names: JSON.stringify(names),
    model: path,
    modelSha256: sha256,
    output: kind,
    layer: layer === undefined ? "last" : String(layer),
    imageSize: formatSize(view.size),
  };
}

type EncodeAllOptions = FeatureOptions & {
  readonly file: FeatureFile;
  readonly batch: number;
  readonly threads: number | undefined;
};

// Gives the names of the images that could be read.
async function encodeAll(
  { beit, view }: OpenedEncoder,
  images: ImageSources,
  { file, batch, threads, kind, layer }: EncodeAllOptions,
  context: Context,
): Promise<readonly string[]> {
  const done: string[] = [];
  const options = { view, batch, label: "encoding", threads };
  for await (const { names, views } of imageBatches(images, options, context)) {
    await file.write(await imageFeatures(beit, views, { kind, layer }));
    done.push(...names);
  }
  return done;
}
