// A model from any of the formats we read to any that we write, with a model card beside it.
import { promises as files } from "node:fs";
import { join } from "node:path";
import { makeFolder, writeErrorReason } from "@beitjs/trainers/node";
import {
  hasOwnPrediction,
  parameterCount,
  predictionOf,
  type BeitConfig,
  type Preprocessing,
} from "@beitjs/beit-encoder";
import { valueCount, type Backend } from "@beitjs/tensor-core";
import { heightWidth, type ImageSize } from "@beitjs/tensor-core/grid";
import type { LoadedCheckpoint } from "@beitjs/trainers/node";
import { openBackend } from "../backends/open.ts";
import type { Context, FlagValues } from "../program/command.ts";
import type { Format } from "../convert/format-names.ts";
import { beitFiles, tokenizerFiles, type WrittenFiles } from "../convert/formats.ts";
import { modelCard, sides } from "../convert/model-card.ts";
import { describeCropDifference } from "../convert/transformers-crop.ts";
import { beitUsage, tokenizerUsage } from "../convert/usage.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { readLabels } from "../models/labels.ts";
import { modelKind } from "../models/kind.ts";
import { openEncoder } from "../models/open-beit.ts";
import { openTokenizer } from "../models/open-tokenizer.ts";
import { withModel, type FoundModel } from "../models/sources.ts";
import { refuseTaken } from "../files/taken.ts";
import { writeResult } from "../runs/folder.ts";
import type { convertFlags } from "./declarations/convert.ts";

export async function run(flags: FlagValues<typeof convertFlags>, context: Context): Promise<number> {
  const paths = flags.decoder === undefined ? [flags.model] : [flags.model, flags.decoder];
  checkFlags(flags);
  const { kind, content, card } = await withModel(paths, context, async (found) => {
    const kind = await modelKind(found);
    const { backend } = await openBackend(flags, context);
    const convertAny = kind === "beit" ? convertBeit : convertTokenizer;
    return { kind, ...(await convertAny(found, flags, backend, context)) };
  });
  const written = new Map([...content, ["README.md", new TextEncoder().encode(card)]]);
  await writeFiles(flags.out, written, flags.force);
  const listed = [...written].map(([name, bytes]) => ({ name, bytes: bytes.length }));
  for (const { name, bytes } of listed) context.terminal.info(`${join(flags.out, name)}  ${bytes} bytes`);
  context.terminal.event("converted", { kind, to: flags.to, out: flags.out, files: listed });
  return exitCodes.done;
}

function checkFlags({ to, half, openSize, imageSize }: FlagValues<typeof convertFlags>): void {
  if (half && to !== "beitjs" && to !== "onnx") {
    throw usageError(`--half: expected --to beitjs or onnx, got --to ${to}`);
  }
  if (!openSize) return;
  if (to !== "onnx") throw usageError(`--open-size: expected --to onnx, got --to ${to}`);
  if (imageSize !== undefined) {
    throw usageError("--open-size: the file takes images of every size; leave out --image-size");
  }
}

type Flags = Parameters<typeof openEncoder>[2] & {
  readonly to: Format;
  readonly onnxOutput: "logits" | "features";
  readonly labels: string | undefined;
  readonly tokenSize: ImageSize | undefined;
  readonly half: boolean;
  readonly openSize: boolean;
};
type Converted = { readonly content: WrittenFiles; readonly card: string };

async function convertBeit(found: FoundModel, flags: Flags, backend: Backend, context: Context): Promise<Converted> {
  const opened = await openEncoder(found, backend, flags, context);
  const { beit, origin, path, sha256, checkpoint, resizing, multiLabel } = opened;
  const { half, openSize } = flags;
  const { config } = beit;
  const preprocessing = flags.to === "hugging-face" ? stretched(opened.preprocessing, context) : opened.preprocessing;
  if (flags.to === "hugging-face") tellDifferences(config, context);
  if (flags.to !== "beitjs" && hasOwnPrediction(config))
    context.terminal.info(
      `left out: ${config.decoder ? "the decoder" : "the head for pixels"}, which only pre-training needs`,
    );
  const labels = flags.labels === undefined ? opened.labels : await readLabels(flags.labels, config.classes);
  const onnxOutput = config.classes + config.vocabSize > 0 ? flags.onnxOutput : "features";
  const task =
    config.classes > 0
      ? `a classifier of ${config.classes} classes${multiLabel ? ", any number of which an image may have (multi-label)" : ""}`
      : predictionOf(config) !== "nothing"
        ? "pre-trained by masked image modeling"
        : "without a head";
  return {
    content: await beitFiles(
      { beit, labels, multiLabel, preprocessing, onnxOutput, half, openSize, resizing },
      flags.to,
    ),
    card: modelCard({
      title: `BEiT, ${config.depth} layers of width ${config.width}`,
      summary: `A BEiT image transformer (Bao et al. 2021), ${task}, for images of ${sides(config.imageSize)} pixels${openSize ? " and other sizes" : ""}.`,
      metadata: {
        library_name: flags.to === "hugging-face" ? "transformers" : flags.to === "onnx" ? "onnx" : "beitjs",
        ...(config.classes > 0 && { pipeline_tag: "image-classification" }),
        tags: ["beit", "vision", ...(multiLabel ? ["multi-label"] : [])],
      },
      source: { origin, path, sha256 },
      config,
      parameters: parameterCount(config),
      labels,
      multiLabel,
      preprocessing,
      ...(flags.to === "hugging-face" && { preprocessingNote: describeCropDifference(preprocessing) }),
      manifest: checkpoint?.manifest,
      figures: await figuresOf(checkpoint),
      usage: beitUsage(beit, flags.to, { onnxOutput, openSize }),
    }),
  };
}

// (transformers 5.23, modeling_beit.py)
function tellDifferences({ imageSize, relativePositions, absolutePositions }: BeitConfig, { terminal }: Context): void {
  const { height, width } = heightWidth(imageSize);
  if (height === width) return;
  const images = `of images of ${sides(imageSize)} pixels`;
  if (absolutePositions) terminal.warn(`transformers takes no absolute positions ${images}`);
  if (relativePositions !== "none")
    terminal.warn(
      `transformers reads tables of relative positions ${images} as if width came before height: its numbers differ from this model's`,
    );
}

// transformers keeps the shape of images by their short side alone, which says nothing of a rectangle.
function stretched(preprocessing: Preprocessing, { terminal }: Context): Preprocessing {
  const { size, fit, crop } = preprocessing;
  if (fit === "square" || typeof size === "number") return preprocessing;
  const seen = crop === 0 ? size : crop;
  terminal.warn(`transformers can only stretch images to ${sides(seen)} pixels, where this model keeps their shape`);
  return { ...preprocessing, size: seen, fit: "square", crop: 0 };
}

async function convertTokenizer(
  found: FoundModel,
  { to, tokenSize, half, openSize }: Flags,
  backend: Backend,
  context: Context,
): Promise<Converted> {
  if (to === "hugging-face") throw usageError("--to hugging-face: transformers has no class for a tokenizer of images");
  const { tokenizer, origin, path, sha256, checkpoint } = await openTokenizer(found, backend, { tokenSize }, context);
  const { config } = tokenizer;
  return {
    content: await tokenizerFiles(tokenizer, to, { half, openSize }),
    card: modelCard({
      title: `Discrete VAE with ${config.vocabSize} visual tokens`,
      summary: `An image tokenizer: ${sides(config.imageSize)} pixels${openSize ? ", or other sizes," : ""} to a grid of visual tokens and back.`,
      metadata: { library_name: to === "onnx" ? "onnx" : "beitjs", tags: ["dvae", "vision"] },
      source: { origin, path, sha256 },
      config,
      parameters: valueCount(tokenizer.params),
      manifest: checkpoint?.manifest,
      figures: await figuresOf(checkpoint),
      usage: tokenizerUsage(tokenizer, to, { openSize }),
    }),
  };
}

// A run's summary.json stands two folders above its checkpoints; a checkpoint that was moved away has none.
async function figuresOf(
  checkpoint: LoadedCheckpoint | undefined,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (!checkpoint) return undefined;
  const text = await files.readFile(join(checkpoint.path, "..", "..", "summary.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { step, final } = JSON.parse(text) as { readonly step?: number; readonly final?: Record<string, unknown> };
    return step === checkpoint.manifest.step ? final : undefined;
  } catch {
    return undefined;
  }
}

async function writeFiles(folder: string, content: WrittenFiles, force: boolean): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (cause) {
    throw new Error(`cannot create the folder ${folder}: ${writeErrorReason(cause)}`, { cause });
  }
  const paths = [...content.keys()].map((name) => join(folder, name));
  await refuseTaken(paths, { force });
  for (const [name, bytes] of content) await writeResult(join(folder, name), bytes);
}
