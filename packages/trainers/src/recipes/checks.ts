// Recipes that are well-formed but cannot be: sizes that do not divide, masks that do not fit their grid, views of
// another size than the model's.
import { beitConfigIssues, gridOf, type BeitConfig } from "@beitjs/beit-encoder";
import { dvaeConfigIssues } from "@beitjs/dvae-tokenizer";
import { MaskOptionError, maxGridSide, type Grid } from "@beitjs/masking";
import { cellGrid, formatSize, sameSize, type ImageSize } from "@beitjs/tensor-core/grid";
import { isColor } from "@beitjs/tensor-core/image";
import { drawMask } from "../masks.ts";
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

function ofPretrain({ model, views, mask }: PretrainRecipe): Issues {
  const ofModel = [...within(["model"], beitConfigIssues(model)), ...ofWholePatches(model)];
  return [
    ...ofModel,
    ...(ofModel.length === 0 ? ofMask(gridOf(model), mask) : []),
    ...expect(model.vocabSize > 0, ["model", "vocabSize"], "the codebook's size", model.vocabSize),
    ...ofViews(views, "pixelSize", model),
  ];
}

// The tokenizer sees the whole image, so the patches must cover it.
function ofWholePatches({ imageSize, patchSize }: BeitConfig): Issues {
  const { rows, cols } = cellGrid(imageSize, patchSize);
  const whole = Number.isInteger(rows) && Number.isInteger(cols);
  return expect(whole, ["model", "imageSize"], `a multiple of patchSize ${patchSize}`, imageSize);
}

function ofFineTune({ model, view, evalView }: FineTuneRecipe): Issues {
  const views = Object.entries({ view, evalView }).flatMap(([name, { size, channels, normalization }]) => [
    ...ofImages([name], { size, channels }, model, "size"),
    ...(typeof normalization === "string" ? [] : ofChannels([name, "normalization"], normalization, channels)),
  ]);
  return [...within(["model"], beitConfigIssues(model)), ...views];
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
    drawMask(grid, mask, { seed: 0, epoch: 0, index: 0 });
    return [];
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
