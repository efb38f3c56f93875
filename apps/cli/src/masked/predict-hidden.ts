// `beit predict` of a pre-trained model: hidden patches of images are filled in, as pictures and as figures.
import { extname } from "node:path";
import { gridOf, predictionOf, type Beit } from "@beitjs/beit-encoder";
import type { Tokenizer } from "@beitjs/dvae-tokenizer";
import type { Mask } from "@beitjs/masking";
import type { Backend } from "@beitjs/tensor-core";
import { cellCount } from "@beitjs/tensor-core/grid";
import {
  evalView,
  masksOf,
  pixelEvalView,
  tokenEvalView,
  tokenizerMismatch,
  type MaskRecipe,
  type PretrainRecipe,
} from "@beitjs/trainers";
import type { predictFlags } from "../commands/declarations/predict.ts";
import { planPictures, writePng, type PictureOutput } from "../files/picture-output.ts";
import { refuseTaken } from "../files/taken.ts";
import { eachImage } from "../images/each-image.ts";
import { openImageSources } from "../images/sources.ts";
import { recipeOf } from "../models/from-checkpoint.ts";
import type { OpenedEncoder } from "../models/open-beit.ts";
import { openTokenizer } from "../models/open-tokenizer.ts";
import { shownModel } from "../models/sources.ts";
import { drawFilled } from "../pictures/filled.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import { writeResult } from "../runs/folder.ts";
import { autoencoderMask, hiddenPatches, maskOfImage, maskRecipe, paperMask, parseMask } from "./choice.ts";
import { fillWithPixels, fillWithTokens, type FilledImage, type FillScores } from "./fill.ts";

type Flags = FlagValues<typeof predictFlags>;

/** Fills the hidden patches of all images, with a model that was opened as one for pre-training. */
export async function predictHidden(
  model: OpenedEncoder,
  backend: Backend,
  flags: Flags,
  context: Context,
): Promise<void> {
  const { terminal } = context;
  const { beit, path, sha256 } = model;
  if (flags.labels !== undefined) throw usageError("--labels: expected a classifier, got a pre-training model");
  const { maskOf, told } = masksFor(model, flags);
  const fill = await fillerFor(model, backend, flags, context);
  const images = await openImageSources(flags.images, { ...flags, channels: beit.config.channels }, context);
  const output = await planOutput(flags, images.names);
  terminal.info(`masks: ${told}`);
  const rows: FilledImage[] = [];
  const scores: (FillScores & { readonly name: string })[] = [];
  for await (const { index, name, image } of eachImage(images, context)) {
    const one = await fill(image, maskOf(index));
    const out = output.pictures?.path(index) ?? null;
    tell(name, one, out, context);
    scores.push({ name, ...one.scores });
    if (!output.pictures) continue;
    if (scores.length === 1) await output.pictures.create();
    if (output.pictures.folder) await writePng(out as string, drawFilled([one]));
    else rows.push(one);
  }
  const mean = meanOf(scores);
  if (rows.length > 0) await writePng(flags.out as string, drawFilled(rows));
  if (output.json)
    await writeResult(flags.out as string, `${JSON.stringify({ model: { path, sha256 }, mean, images: scores })}\n`);
  if (scores.length > 1) terminal.result(`${scores.length} images: ${inWords(mean)}`);
  if (flags.out !== undefined) {
    const what = output.pictures ? "image, what is seen of it, hidden patches filled in" : "figures";
    terminal.info(`${what}: ${flags.out}`);
  }
  terminal.event("done", { images: scores.length, ...mean, out: flags.out ?? null });
}

type Fill = (image: Parameters<typeof evalView>[0], mask: Mask) => Promise<FilledImage>;

async function fillerFor(model: OpenedEncoder, backend: Backend, flags: Flags, context: Context): Promise<Fill> {
  const { beit, preprocessing } = model;
  const { channels, imageSize } = beit.config;
  const recipe = pretrainingOf(model);
  // Both see the same center of an image.
  const { mean, std } = preprocessing;
  const pixelView = pixelEvalView({ channels, pixelSize: imageSize, mean, std });
  const { normalization } = pixelView;
  if (predictionOf(beit.config) === "pixels") {
    if (flags.tokenizer.length > 0) throw usageError("--tokenizer: expected none, as the model predicts pixels");
    const normalized = recipe?.pixels?.normalized ?? true;
    if (normalized)
      context.terminal.info("pixels: each patch has its own mean and contrast back, which the model does not predict");
    return (image, mask) =>
      fillWithPixels(beit, { pixels: evalView(image, pixelView), normalization, mask }, { normalized });
  }
  const shown = shownModel(flags.model);
  const named = model.checkpoint?.manifest.run?.["tokenizer"];
  const given = flags.tokenizer.length > 0 ? flags.tokenizer : named;
  if (typeof given !== "string" && !Array.isArray(given))
    throw usageError(
      `${shown} is a pre-training model: expected --tokenizer, to fill hidden patches; for classes fine-tune it first (beit finetune --from ${shown})`,
    );
  const sizes = { tokenSize: flags.tokenSize, usualTokenSize: recipe?.views.tokenSize };
  const { tokenizer } = await openTokenizer(given as string | readonly string[], backend, sizes, context);
  requireMatch(beit, tokenizer);
  const tokenView = tokenEvalView(channels, tokenizer.config.imageSize);
  return (image, mask) => {
    const tokens = evalView(image, tokenView);
    return fillWithTokens(beit, tokenizer, { pixels: evalView(image, pixelView), tokens, normalization, mask });
  };
}

function requireMatch(beit: Beit, tokenizer: Tokenizer): void {
  const wrong = tokenizerMismatch(beit.config, tokenizer.config);
  if (wrong === undefined) return;
  throw usageError(`--tokenizer: ${wrong}; --token-size is the size of the images of one that is not ours`);
}

type Masks = { readonly maskOf: (index: number) => Mask; readonly told: string };

function masksFor(model: OpenedEncoder, flags: Flags): Masks {
  const { beit } = model;
  const grid = gridOf(beit.config);
  const all = cellCount(grid);
  if (flags.patches !== undefined) {
    if ([flags.mask, flags.ratio, flags.count].some((one) => one !== undefined))
      throw usageError("--patches: expected no --mask, --ratio or --count beside it");
    const mask = parseMask(flags.patches, grid);
    return { maskOf: () => mask, told: `by hand, ${mask.count} of ${all} patches` };
  }
  const hidden = hiddenPatches(flags, grid);
  const own = pretrainingOf(model);
  const recipe = chosenMask(model, flags, hidden, own);
  const whose =
    flags.mask !== undefined || hidden !== undefined ? "" : own ? ", as in its training" : ", as the paper's";
  const { seed } = flags;
  return { maskOf: (index) => maskOfImage(grid, recipe, { seed, index }), told: `${describe(recipe)}${whose}` };
}

function chosenMask(
  { beit }: OpenedEncoder,
  { mask }: Flags,
  hidden: number | undefined,
  own: PretrainRecipe | undefined,
): MaskRecipe {
  const grid = gridOf(beit.config);
  if (mask !== undefined) return maskRecipe(mask, grid, hidden);
  if (hidden !== undefined) return maskRecipe(beit.config.decoder ? "uniform" : "exact", grid, hidden);
  // Of a run at another image size, its masks do not fit any more.
  if (own && cellCount(gridOf(own.model)) === cellCount(grid)) return masksOf(own, grid);
  const patches = cellCount(grid);
  return beit.config.decoder ? autoencoderMask(patches) : paperMask(patches);
}

function describe(recipe: MaskRecipe): string {
  return "variant" in recipe ? `${recipe.kind} (${recipe.variant})` : recipe.kind;
}

function pretrainingOf({ checkpoint }: OpenedEncoder): PretrainRecipe | undefined {
  const recipe = checkpoint && recipeOf(checkpoint);
  return recipe?.stage === "pretrain" ? recipe : undefined;
}

type Output = { readonly pictures?: PictureOutput; readonly json: boolean };

async function planOutput(flags: Flags, names: readonly string[]): Promise<Output> {
  const { out } = flags;
  if (out === undefined) return { json: false };
  const ending = extname(out).toLowerCase();
  if (ending === ".csv") throw usageError(`--out ${out}: expected a folder, or a name that ends in .png or .json`);
  if (ending === ".json") {
    await refuseTaken([out], flags);
    return { json: true };
  }
  const pictures = planPictures(out, names);
  await pictures.refuseTaken(flags);
  return { pictures, json: false };
}

function tell(name: string, { scores, mask }: FilledImage, out: string | null, { terminal }: Context): void {
  terminal.result(`${name}: ${inWords(scores)}`);
  terminal.event("prediction", { name, ...scores, hiddenPatches: indicesOf(mask), out });
}

function indicesOf({ cells }: Mask): readonly number[] {
  return Array.from(cells.keys()).filter((patch) => cells[patch] === 1);
}

function inWords({ hidden, patches, right, meanAbsoluteError, smoothError, tokenizerError }: FillScores): string {
  const share = (value: number) => `${((100 * value) / hidden).toFixed(1)} %`;
  const tokens = right === undefined ? [] : [`${right} of ${hidden} hidden tokens right (${share(right)})`];
  const pixels = right === undefined ? [`${hidden} of ${patches} patches hidden`] : [];
  const beside = [`a smooth fill ${smoothError.toFixed(4)}`];
  if (tokenizerError !== undefined) beside.push(`the right tokens ${tokenizerError.toFixed(4)}`);
  const error = `mean absolute error ${meanAbsoluteError.toFixed(4)} (pixels in [-1, 1]; ${beside.join(", ")})`;
  return [...tokens, ...pixels, error].join(", ");
}

// Errors weigh as many patches as they are of.
function meanOf(all: readonly FillScores[]): FillScores {
  const sum = (of: (one: FillScores) => number) => all.reduce((total, one) => total + of(one), 0);
  const hidden = sum((one) => one.hidden);
  const mean = (of: (one: FillScores) => number) => sum((one) => one.hidden * of(one)) / hidden;
  const ofTokens = all[0].right !== undefined;
  return {
    ...{ hidden, patches: sum(({ patches }) => patches) },
    ...(ofTokens && { right: sum(({ right = 0 }) => right) }),
    meanAbsoluteError: mean((one) => one.meanAbsoluteError),
    smoothError: mean((one) => one.smoothError),
    ...(ofTokens && { tokenizerError: mean(({ tokenizerError = 0 }) => tokenizerError) }),
  };
}
