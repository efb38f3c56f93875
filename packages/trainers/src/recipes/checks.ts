// Recipes that are well-formed but cannot be: sizes that do not divide, masks that do not fit their grid, views of
// another size than the model's.
import { beitConfigIssues, gridOf, type BeitConfig } from "@beitjs/beit-encoder";
import { dvaeConfigIssues } from "@beitjs/dvae-tokenizer";
import { MaskOptionError, maxGridSide, type Grid } from "@beitjs/masking";
import { cellCount, cellGrid, formatSize, sameSize, type ImageSize } from "@beitjs/tensor-core/grid";
import { isColor } from "@beitjs/tensor-core/image";
import { drawMask, fixedMask, hiddenCount } from "../masks.ts";
import { pretrainingConfig, smallDecoder } from "./pretraining-config.ts";
import type { RecipeIssue } from "./recipe-error.ts";
import type {
  FineTuneRecipe,
  GaussianRecipe,
  MaskRecipe,
  PretrainRecipe,
  Recipe,
  RecipeOf,
  StageName,
  TokenizerRecipe,
} from "./recipe.ts";

type Path = RecipeIssue["path"];
type Issues = readonly RecipeIssue[];

/** What cannot be in a recipe of the right shape; empty for a good one. */
export function disagreements(recipe: Recipe): Issues {
  const { batchSize, microBatches } = recipe;
  const even = batchSize % microBatches === 0;
  const ofStage = <Name extends StageName>(name: Name, one: RecipeOf<Name>): Issues => byStage[name](one);
  return [
    ...expect(even, ["microBatches"], `a divisor of batchSize ${batchSize}`, microBatches),
    ...ofStage(recipe.stage, recipe),
  ];
}

const byStage: { readonly [Name in StageName]: (recipe: RecipeOf<Name>) => Issues } = {
  tokenizer: ofTokenizer,
  gaussian: ofTokenizer,
  pretrain: ofPretrain,
  "fine-tune": ofFineTune,
};

function ofTokenizer({ model, views }: TokenizerRecipe | GaussianRecipe): Issues {
  // The Gaussian VAE has no codebook; with one of a single entry the same rules hold for it.
  const config = { vocabSize: 1, ...model };
  return [...within(["model"], dvaeConfigIssues(config)), ...ofViews(views, "tokenSize", model)];
}

function ofPretrain(recipe: PretrainRecipe): Issues {
  const { model, views, encoder, decoder, target } = recipe;
  const ofModel = [...within(["model"], beitConfigIssues(model)), ...ofWholePatches(model)];
  const size = target === "pixels" || model.vocabSize > 0;
  const fits = encoder === "visible" ? decoder !== undefined : decoder === undefined;
  const { width, depth, heads } = smallDecoder;
  const example = `there with encoder visible, such as { width: ${width}, depth: ${depth}, heads: ${heads} }`;
  return [
    ...ofModel,
    ...(ofModel.length === 0 ? [...ofHidden(recipe), ...ofPrediction(recipe)] : []),
    ...expect(size, ["model", "vocabSize"], "the codebook's size", model.vocabSize),
    ...expect(fits, ["decoder"], encoder === "visible" ? example : "absent with encoder all", decoder),
    ...expect(target === "pixels" || !recipe.pixels, ["pixels"], "absent with target tokens", recipe.pixels),
    ...ofViews(views, "pixelSize", model),
  ];
}

// What the model would be, were its recipe right; what is wrong with it then is wrong with how it is to predict.
function ofPrediction({ decoder = smallDecoder, ...recipe }: PretrainRecipe): Issues {
  return beitConfigIssues(pretrainingConfig({ ...recipe, decoder })).map(({ path, ...issue }) => ({
    ...issue,
    path: path === "decoder" ? [path] : ["model", path],
  }));
}

function ofHidden({ model, mask, encoder, loss }: PretrainRecipe): Issues {
  const grid = gridOf(model);
  const issues = ofMask(grid, mask);
  if (issues.length > 0) return issues;
  if (mask.kind === "none") {
    return [
      ...expect(encoder === "all", ["mask", "kind"], "one that hides patches, with encoder visible", mask.kind),
      ...expect(loss === "all", ["loss"], "all where nothing is masked", loss),
    ];
  }
  const fixed = encoder === "visible" ? hiddenCount(grid, fixedMask(grid, mask)) : 1;
  const some = fixed >= 1 && fixed < cellCount(grid);
  return expect(some, ["mask"], "one that leaves some patches, with encoder visible", mask);
}

// The tokenizer sees the whole image, so the patches must cover it.
function ofWholePatches({ imageSize, patchSize }: BeitConfig): Issues {
  const { rows, cols } = cellGrid(imageSize, patchSize);
  const whole = Number.isInteger(rows) && Number.isInteger(cols);
  return expect(whole, ["model", "imageSize"], `a multiple of patchSize ${patchSize}`, imageSize);
}

function ofFineTune({ model, view, evalView, ...recipe }: FineTuneRecipe): Issues {
  const views = Object.entries({ view, evalView }).flatMap(([name, { size, channels, normalization }]) => [
    ...ofImages([name], { size, channels }, model, "size"),
    ...(typeof normalization === "string" ? [] : ofChannels([name, "normalization"], normalization, channels)),
  ]);
  return [...within(["model"], beitConfigIssues(model)), ...views, ...ofAugmentation(view), ...ofBatches(recipe)];
}

function ofAugmentation({ channels, randAugment, erase }: FineTuneRecipe["view"]): Issues {
  const color = isColor({ channels }) || !randAugment;
  const { scale = [0, 1], ratio = [0, 1] } = erase ?? {};
  return [
    ...expect(color, ["view", "randAugment"], `absent, as ${channels} channels are no colors`, randAugment),
    ...expect(
      scale[0] <= scale[1] && scale[1] <= 1,
      ["view", "erase", "scale"],
      "two shares, the smaller first",
      scale,
    ),
    ...expect(ratio[0] <= ratio[1], ["view", "erase", "ratio"], "two numbers, the smaller first", ratio),
  ];
}

type Batches = Pick<FineTuneRecipe, "mix" | "batchSize" | "sampling" | "repeatedAugmentation">;

function ofBatches({ mix, batchSize, sampling, repeatedAugmentation = 1 }: Batches): Issues {
  const some = !mix || mix.mixupAlpha > 0 || mix.cutmixAlpha > 0;
  const uniform = repeatedAugmentation === 1 || sampling === "uniform";
  return [
    ...expect(some, ["mix", "mixupAlpha"], "above 0 where mix.cutmixAlpha is 0 (mix.probability 0 turns both off)", 0),
    ...expect(!mix || batchSize > 1, ["batchSize"], "at least 2, as mix mixes the images of a batch", batchSize),
    ...expect(uniform, ["repeatedAugmentation"], `1 with sampling ${sampling}`, repeatedAugmentation),
  ];
}

type Images = Pick<BeitConfig, "imageSize" | "channels">;

function ofViews(views: PretrainRecipe["views"], key: "pixelSize" | "tokenSize", model: Images): Issues {
  const { channels, [key]: size } = views;
  return [
    ...ofImages(["views"], { size, channels }, model, key),
    ...ofChannels(["views"], views, channels),
    ...ofColorJitter(views),
  ];
}

// Brightness is that of colors; of bands nobody knows which they are.
function ofColorJitter({ channels, colorJitter }: PretrainRecipe["views"]): Issues {
  if (isColor({ channels })) return [];
  const expected = `0, as ${channels} channels are no colors`;
  return Object.entries(colorJitter).flatMap(([name, amount]) =>
    expect(amount === 0, ["views", "colorJitter", name], expected, amount),
  );
}

/** Views must be what the model sees. */
function ofImages(path: Path, view: { size: ImageSize; channels: number }, model: Images, sizeKey: string): Issues {
  const { size, channels } = view;
  return [
    ...expect(
      sameSize(size, model.imageSize),
      [...path, sizeKey],
      `model.imageSize ${formatSize(model.imageSize)}`,
      size,
    ),
    ...expect(channels === model.channels, [...path, "channels"], `model.channels ${model.channels}`, channels),
  ];
}

function ofChannels(
  path: Path,
  { mean, std }: { readonly mean: readonly number[]; readonly std: readonly number[] },
  channels: number,
): Issues {
  const entries = `a list of ${channels} ${channels === 1 ? "number" : "numbers"}, one a channel`;
  const positive = std.every((value) => value > 0);
  return [
    ...expect(mean.length === channels, [...path, "mean"], entries, mean),
    ...expect(std.length === channels, [...path, "std"], entries, std),
    ...expect(positive, [...path, "std"], "a list of positive numbers", std),
  ];
}

function ofMask(grid: Grid, mask: MaskRecipe): Issues {
  if (Math.max(grid.rows, grid.cols) > maxGridSide) {
    const got = `a grid of ${grid.rows}x${grid.cols}`;
    return [
      {
        path: ["model", "patchSize"],
        expected: `large enough for a grid of at most ${maxGridSide}x${maxGridSide}`,
        got,
      },
    ];
  }
  try {
    const { count } = drawMask(grid, mask, { seed: 0, epoch: 0, index: 0 });
    const least = `large enough for a patch of ${cellCount(grid)}`;
    return expect(count > 0 || mask.kind === "none", ["mask", "share"], least, "share" in mask ? mask.share : count);
  } catch (error) {
    if (!(error instanceof MaskOptionError)) throw error;
    const { option, expected, got } = error;
    return [{ path: option === undefined ? ["mask"] : ["mask", option], expected, got }];
  }
}

function within(
  path: Path,
  issues: readonly { readonly path: string; readonly expected: string; readonly got: unknown }[],
): Issues {
  return issues.map((issue) => ({ ...issue, path: [...path, issue.path] }));
}

function expect(holds: boolean, path: Path, expected: string, got: unknown): Issues {
  return holds ? [] : [{ path, expected, got }];
}
