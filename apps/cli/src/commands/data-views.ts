// Draws a sheet of what a recipe's augmentation makes of the images that a run sees first: a row an image, a column an epoch.
import { extname } from "node:path";
import { heightWidth, type ImageSize } from "@beitjs/tensor-core/grid";
import { fromFloat, type Image, type Normalization } from "@beitjs/tensor-core/image";
import {
  evalView,
  mixBatch,
  mixOfStep,
  order,
  pixelEvalView,
  tokenEvalView,
  trainView,
  twoViews,
  viewRng,
  type FineTuneRecipe,
  type Recipe,
} from "@beitjs/trainers";
import { openDataset } from "@beitjs/trainers/node";
import { refuseTaken } from "../files/taken.ts";
import { decodingOf } from "../images/images.ts";
import { enlarge, pipelineOf } from "../pictures/picture.ts";
import { sheetOf } from "../pictures/sheet.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { channelsFit } from "../runs/channels.ts";
import { writeResult } from "../runs/folder.ts";
import { loadRecipe } from "../runs/recipe-file.ts";
import { stageNames } from "../runs/stages.ts";
import type { dataViewsFlags } from "./declarations/data-views.ts";

const epochs = [0, 1, 2, 3, 4];
const leastSide = 96;

type Flags = FlagValues<typeof dataViewsFlags>;

export async function run(flags: Flags, context: Context): Promise<number> {
  const { data, out, count = 8 } = flags;
  const { terminal } = context;
  if (extname(out).toLowerCase() !== ".png") throw usageError(`--out ${out}: expected a name that ends in .png`);
  await refuseTaken([out], flags);
  const recipe = await loadRecipe(flags, stageNames, { ...context, ...channelsFit(flags) });
  const views = viewsOf(recipe);
  const rows: Panels[] = [];
  for (const { image, index } of await firstImages(flags, { recipe, count }, context)) {
    const trained = epochs.map((epoch) => views.trained(image, { seed: recipe.seed, epoch, index }));
    rows.push({ evaluated: views.evaluated(image), trained });
  }
  const mixed = recipe.stage === "fine-tune" && recipe.mix ? mixedOf(rows, recipe, recipe.mix) : undefined;
  await writeResult(
    out,
    await pipelineOf(drawSheet(rows, mixed?.rows, views))
      .png()
      .toBuffer(),
  );
  const columns = ["as it is evaluated", `as it is learned from in epochs ${epochs[0]} to ${epochs.at(-1)}`];
  if (mixed) columns.push(`these mixed as in as many steps (${mixed.told.join(", ")})`);
  terminal.info(`${rows.length} images of ${data}, a row each: ${columns.join("; ")}: ${out}`);
  terminal.event("done", { out, images: rows.length, epochs: epochs.length, mixed: mixed?.told ?? null });
  return exitCodes.done;
}

type Panels = { readonly evaluated: Float32Array; readonly trained: readonly Float32Array[] };

async function firstImages(
  flags: Flags,
  { recipe, count }: { readonly recipe: Recipe; readonly count: number },
  { interrupt }: Context,
): Promise<readonly { readonly image: Image; readonly index: number }[]> {
  const { data, classesAreFolders, columns } = flags;
  const decoding = decodingOf({ ...flags, channels: recipe.model.channels });
  const { signal } = interrupt;
  const opening = { ...decoding, verify: false, classesAreFolders, columns, signal };
  const images = await openDataset(data, { split: "train", ...opening });
  const first = order(images.length, { seed: recipe.seed, epoch: 0 }).subarray(0, count);
  const read = [];
  for (const index of first) {
    interrupt.check();
    read.push({ image: (await images.get(index)).image, index });
  }
  return read;
}

type Address = { readonly seed: number; readonly epoch: number; readonly index: number };

/** What a stage sees of an image, and how its numbers become a picture again. */
type Views = {
  readonly size: ImageSize;
  readonly channels: number;
  readonly normalization: Normalization;
  evaluated(image: Image): Float32Array;
  trained(image: Image, at: Address): Float32Array;
};

function viewsOf(recipe: Recipe): Views {
  if (recipe.stage === "fine-tune") {
    const { view, evalView: still } = recipe;
    return {
      ...view,
      evaluated: (image) => evalView(image, { ...still, normalization: view.normalization }),
      trained: (image, at) => trainView(image, view, viewRng(at)),
    };
  }
  const { views } = recipe;
  const { channels, tokenSize } = views;
  if (recipe.stage === "pretrain") {
    const still = pixelEvalView(views);
    return {
      ...still,
      evaluated: (image) => evalView(image, still),
      trained: (image, at) => twoViews(image, views, viewRng(at)).pixelView,
    };
  }
  const still = tokenEvalView(channels, tokenSize);
  return {
    ...still,
    evaluated: (image) => evalView(image, still),
    trained: (image, at) => twoViews(image, views, viewRng(at)).tokenView,
  };
}

type Mixed = { readonly rows: readonly (readonly Float32Array[])[]; readonly told: readonly string[] };

// The images of the sheet as one batch, a column a step.
function mixedOf(
  rows: readonly Panels[],
  { seed, view }: FineTuneRecipe,
  mix: NonNullable<FineTuneRecipe["mix"]>,
): Mixed {
  const steps = epochs.map((step) => {
    const batch = rows.map(({ trained }) => ({ pixels: trained[step], labels: [] }));
    return mixBatch(batch, mix, { ...view, seed, step }).map(({ pixels }) => pixels);
  });
  const told = epochs.map((step) => {
    const drawn = mixOfStep(mix, { ...view, seed, step });
    return drawn ? `${drawn.box ? "CutMix" : "mixup"} ${drawn.share.toFixed(2)}` : "none";
  });
  return { rows: rows.map((_, row) => steps.map((batch) => batch[row])), told };
}

function drawSheet(
  rows: readonly Panels[],
  mixed: Mixed["rows"] | undefined,
  { size, channels, normalization }: Views,
): Image {
  const { height, width } = heightWidth(size);
  const factor = Math.ceil(leastSide / Math.max(height, width));
  const drawn = rows.map(({ evaluated, trained }, row) =>
    [evaluated, ...trained, ...(mixed?.[row] ?? [])].map((view) =>
      enlarge(fromFloat(view, { width, height, channels }, normalization), factor),
    ),
  );
  return sheetOf(drawn);
}
