// Recipes that are well-formed but cannot be: sizes that do not divide, masks that do not fit their grid, views of
// another size than the model's. Found before any work, each with the path to change.
import { gridSide, validateBeitConfig, type BeitConfig } from "@beitjs/beit-encoder";
import { validateDvaeConfig, type DvaeConfig } from "@beitjs/dvae-tokenizer";
import {
  drawMask,
  type FineTuneRecipe,
  type GaussianRecipe,
  type PretrainRecipe,
  type Recipe,
  type TokenizerRecipe,
} from "@beitjs/trainers";

export type RecipeProblem = { readonly path: string; readonly message: string };

/** What cannot be in a recipe of the right shape; empty for a good one. */
export function recipeProblems(recipe: Recipe): readonly RecipeProblem[] {
  const { batchSize, microBatches } = recipe;
  const even = expect(
    batchSize % microBatches === 0,
    "microBatches",
    `a divisor of batchSize ${batchSize}`,
    microBatches,
  );
  return [...even, ...stageProblems(recipe)];
}

function stageProblems(recipe: Recipe): readonly RecipeProblem[] {
  if (recipe.stage === "pretrain") return pretrainProblems(recipe);
  if (recipe.stage === "fine-tune") return fineTuneProblems(recipe);
  return tokenizerProblems(recipe);
}

function tokenizerProblems({ model, views }: TokenizerRecipe | GaussianRecipe): readonly RecipeProblem[] {
  // The Gaussian VAE has no codebook; with one of a single entry the same rules hold for it.
  const config = { vocabSize: 1, ...model } as DvaeConfig;
  return [
    ...thrown("model", model, () => validateDvaeConfig(config)),
    ...expect(
      views.tokenSize === model.imageSize,
      "views.tokenSize",
      `model.imageSize ${model.imageSize}`,
      views.tokenSize,
    ),
    ...expect(views.channels === model.channels, "views.channels", `model.channels ${model.channels}`, views.channels),
    ...normalizationProblems("views", views, views.channels),
  ];
}

function pretrainProblems({ model, views, mask }: PretrainRecipe): readonly RecipeProblem[] {
  const problems = beitProblems(model);
  const grid = { rows: gridSide(model), cols: gridSide(model) };
  return [
    ...problems,
    ...(problems.length === 0
      ? thrown("mask", mask, () => void drawMask(grid, mask, { seed: 0, epoch: 0, index: 0 }))
      : []),
    ...expect(model.vocabSize > 0, "model.vocabSize", "the codebook's size", model.vocabSize),
    ...expect(
      views.pixelSize === model.imageSize,
      "views.pixelSize",
      `model.imageSize ${model.imageSize}`,
      views.pixelSize,
    ),
    ...expect(views.channels === model.channels, "views.channels", `model.channels ${model.channels}`, views.channels),
    ...normalizationProblems("views", views, views.channels),
  ];
}

function fineTuneProblems({ model, ...recipe }: FineTuneRecipe): readonly RecipeProblem[] {
  const views = (["view", "evalView"] as const).flatMap((name) => {
    const { size, channels, normalization } = recipe[name];
    return [
      ...expect(size === model.imageSize, `${name}.size`, `model.imageSize ${model.imageSize}`, size),
      ...expect(channels === model.channels, `${name}.channels`, `model.channels ${model.channels}`, channels),
      ...(typeof normalization === "string"
        ? []
        : normalizationProblems(`${name}.normalization`, normalization, channels)),
    ];
  });
  return [...beitProblems(model), ...views];
}

function beitProblems(model: BeitConfig): readonly RecipeProblem[] {
  const { imageSize, patchSize, width, heads } = model;
  const divides = [
    ...expect(imageSize % patchSize === 0, "model.patchSize", `a divisor of model.imageSize ${imageSize}`, patchSize),
    ...expect(width % heads === 0, "model.heads", `a divisor of model.width ${width}`, heads),
  ];
  return divides.length > 0 ? divides : thrown("model", model, () => validateBeitConfig(model));
}

function normalizationProblems(
  path: string,
  { mean, std }: { readonly mean: readonly number[]; readonly std: readonly number[] },
  channels: number,
): readonly RecipeProblem[] {
  const entries = `${channels} ${channels === 1 ? "entry" : "entries"}, one a channel`;
  return [
    ...expect(mean.length === channels, `${path}.mean`, entries, mean.length),
    ...expect(std.length === channels, `${path}.std`, entries, std.length),
    ...expect(
      std.every((value) => value > 0),
      `${path}.std`,
      "positive numbers",
      std.join(", "),
    ),
  ];
}

function expect(holds: boolean, path: string, expected: string, got: unknown): readonly RecipeProblem[] {
  return holds ? [] : [{ path, message: `expected ${expected}, got ${String(got)}` }];
}

// The packages' own checks say `[function] expected <key> …`: the key is the end of the path.
function thrown(path: string, subject: object, check: () => void): readonly RecipeProblem[] {
  try {
    check();
    return [];
  } catch (error) {
    const message = (error as Error).message.replace(/^\[[\w$]+\] /, "");
    const key = /^expected (\w+)/.exec(message)?.[1] ?? "";
    return [{ path: Object.hasOwn(subject, key) ? `${path}.${key}` : path, message }];
  }
}
