// What a model predicts: a classifier the most likely classes of images, for people to read and for programs to go on with; a pre-trained
// one what is behind hidden patches.
import { extname } from "node:path";
import { classifyViews, predictionOf, type Beit, type ClassGuess } from "@beitjs/beit-encoder";
import { openBackend } from "../backends/open.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { imageBatches } from "../images/batches.ts";
import { openImageSources } from "../images/sources.ts";
import { readLabels } from "../models/labels.ts";
import { openEncoder, type OpenedEncoder } from "../models/open-beit.ts";
import { shownModel } from "../models/sources.ts";
import { printable } from "../program/printable.ts";
import { refuseTaken } from "../files/taken.ts";
import { csv } from "../files/csv.ts";
import { writeResult } from "../runs/folder.ts";
import type { predictFlags } from "./declarations/predict.ts";

type Guess = Omit<ClassGuess, "label"> & { readonly label: string | null };
type Prediction = { readonly name: string; readonly top: readonly Guess[] };

type Flags = FlagValues<typeof predictFlags>;

export async function run(flags: Flags, context: Context): Promise<number> {
  if (flags.out !== undefined) await refuseTaken([flags.out], flags);
  const { backend } = await openBackend(flags, context);
  const model = await openEncoder(flags.model, backend, flags, context);
  const { config } = model.beit;
  if (config.classes === 0 && predictionOf(config) !== "nothing") {
    const { predictHidden } = await import("../masked/predict-hidden.ts");
    await predictHidden(model, backend, flags, context);
  } else await predictClasses(model, flags, context);
  return exitCodes.done;
}

async function predictClasses(model: OpenedEncoder, flags: Flags, context: Context): Promise<void> {
  refuseHiding(shownModel(flags.model), model.beit, flags);
  const kind = flags.out === undefined ? undefined : extname(flags.out);
  if (kind !== undefined && kind !== ".json" && kind !== ".csv") {
    throw usageError(`--out ${flags.out}: expected a name that ends in .json or .csv`);
  }
  const { classes } = model.beit.config;
  const labels = flags.labels === undefined ? model.labels : await readLabels(flags.labels, classes);
  const images = await openImageSources(flags.images, { ...flags, channels: model.view.channels }, context);
  const predictions: Prediction[] = [];
  const options = { view: model.view, batch: flags.batch, label: "predicting", threads: flags.threads };
  let told = 0;
  for await (const { names, views } of imageBatches(images, options, context)) {
    const { beit, multiLabel = false } = model;
    // Of several labels an image, all that it is more likely to have than not.
    const top = multiLabel ? Infinity : flags.top;
    const guesses = await classifyViews({ beit, multiLabel, ...(labels && { labels }) }, views, { top });
    told += names.length;
    for (const [i, name] of names.entries()) {
      const prediction = { name, top: guesses[i].map(asTold) };
      if (flags.out === undefined) show(prediction, context);
      else predictions.push(prediction);
    }
  }
  if (flags.out !== undefined) {
    await writeResult(flags.out, kind === ".json" ? asJson(predictions, model) : asCsv(predictions));
    context.terminal.info(`${predictions.length} images predicted: ${flags.out}`);
  }
  context.terminal.event("done", { images: told, out: flags.out ?? null });
}

function refuseHiding(path: string, { config }: Beit, { mask, ratio, count, patches, tokenizer }: Flags): void {
  if (config.classes === 0) {
    throw usageError(`${path} is a model without a class head: fine-tune it first (beit finetune --from ${path})`);
  }
  const given = { mask, ratio, count, patches, tokenizer: tokenizer.length > 0 ? tokenizer : undefined };
  const flag = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (flag !== undefined) throw usageError(`--${flag}: expected a pre-training model, got ${path}, a classifier`);
}

function asTold({ class: number, label, probability }: ClassGuess): Guess {
  return { class: number, label: label ?? null, probability };
}

function show({ name, top }: Prediction, { terminal }: Context): void {
  terminal.event("prediction", { name, top });
  const lines = top.map(({ class: number, label, probability }) => {
    const share = (100 * probability).toFixed(2).padStart(6);
    return `  ${share} %  ${label === null ? `class ${number}` : printable(label)}`;
  });
  if (top.length === 0) lines.push("  no class above 50 %");
  terminal.result([name, ...lines, ""]);
}

function asJson(images: readonly Prediction[], { beit, path, sha256 }: OpenedEncoder): string {
  return `${JSON.stringify({ model: { path, sha256, classes: beit.config.classes }, images })}\n`;
}

function asCsv(images: readonly Prediction[]): string {
  const rows = images.flatMap(({ name, top }) =>
    // An image of no class has its row, too.
    top.length === 0
      ? [[name, "", "", "", ""]]
      : top.map(({ class: number, label, probability }, i) => [name, i + 1, number, label, probability]),
  );
  return csv([["name", "rank", "class", "label", "probability"], ...rows]);
}
