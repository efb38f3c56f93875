// The demo's recipes for other data: what changes, and that nothing does for the data shipped.
import {
  checkRecipe,
  demoFineTune,
  demoGaussian,
  demoPretrain,
  demoScratch,
  demoTokenizer,
  inSteps,
  runLength,
  stepsIn,
  stepsPerEpoch,
  type Dataset,
  type Recipe,
} from "@beitjs/trainers";
import { describe, expect, it } from "vitest";
import { emojiRecipes } from "./emoji-recipes.ts";
import { demoSettings, labelsPerClass } from "./settings.ts";

function settingsFor({ images = 12_000, classes = 10, channels = 1 as 1 | 3, kind = "idx" as const, short = false }) {
  const names = Array.from({ length: classes }, (_, i) => String(i));
  const dataset = { length: images } as Dataset;
  return demoSettings({ channels, kind, classes: names, train: { images: dataset, sha256: "" } }, { short });
}

describe("demoSettings", () => {
  it("leaves the recipes as they stand for the data shipped", () => {
    const { recipes, pixelView, tokenView } = settingsFor({});
    expect(recipes).toEqual({
      tokenizer: demoTokenizer,
      pretrain: demoPretrain,
      fineTune: demoFineTune,
      scratch: demoScratch,
    });
    expect(pixelView).toEqual(demoFineTune.evalView);
    expect(tokenView).toEqual({
      ...demoFineTune.evalView,
      size: demoTokenizer.model.imageSize,
      filter: "lanczos",
      normalization: "unit",
    });
  });

  it("gives the emoji recipes of their own, as they stand, which training takes", () => {
    const images = { length: 2861 } as Dataset;
    const classes = Array.from({ length: 9 }, (_, i) => String(i));
    const train = { images, sha256: "" };
    const { recipes } = demoSettings(
      { channels: 3, kind: "sheets", shipped: "emoji", classes, train },
      { short: false },
    );
    expect(recipes).toEqual(emojiRecipes);
    for (const recipe of Object.values(recipes)) expect(checkRecipe("test", recipe, recipe.stage)).toEqual(recipe);
  });

  it("takes colors from the data, in every model, view and normalization", () => {
    const { recipes, pixelView, tokenView } = settingsFor({ channels: 3 });
    const { tokenizer, pretrain, fineTune } = recipes;
    const three = [
      tokenizer.model,
      tokenizer.views,
      pretrain.model,
      pretrain.views,
      fineTune.model,
      fineTune.view,
      fineTune.evalView,
      pixelView,
      tokenView,
    ];
    for (const part of three) expect(part.channels).toBe(3);
    expect(pretrain.views.mean).toHaveLength(3);
    expect(pretrain.views.std).toHaveLength(3);
    expect(fineTune.view.normalization).toEqual(pixelView.normalization);
    expect(pixelView.normalization).toMatchObject({ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
  });

  it.each([60_000, 2_000, 100])("keeps the shares of warm-up and annealing with %d images", (images) => {
    const { recipes } = settingsFor({ images, classes: 4 });
    const { tokenizer, pretrain, fineTune } = recipes;
    for (const { recipe, length, parts } of [
      { recipe: tokenizer, length: images, parts: [50, 1200, 1200].map((steps) => steps / 1500) },
      { recipe: pretrain, length: images, parts: [100 / 1870] },
      { recipe: fineTune, length: 4 * labelsPerClass, parts: [30 / 200] },
    ]) {
      const run = runLength(recipe, { length });
      const { learningRate, ...others } = inSteps(recipe, run);
      const annealings = "temperature" in others ? [others.temperature.over, others.klWeight.over] : [];
      [learningRate.warmup, ...annealings].forEach((found, i) => {
        expect(Math.abs(stepsIn(found, run) - Math.max(1, parts[i] * run.totalSteps))).toBeLessThanOrEqual(0.5);
      });
    }
  });

  it("has the steps that it was tuned with on the data shipped", () => {
    const stepsOf = <R extends Recipe>(recipe: R, length: number) => inSteps(recipe, runLength(recipe, { length }));
    expect(stepsOf(demoTokenizer, 12_000)).toMatchObject({
      learningRate: { warmup: { steps: 50 } },
      temperature: { over: { steps: 1200 } },
      klWeight: { over: { steps: 1200 } },
    });
    expect(stepsOf(demoGaussian, 12_000).klWeight.over).toEqual({ steps: 500 });
    expect(stepsOf(demoPretrain, 12_000).learningRate.warmup).toEqual({ steps: 100 });
    expect(stepsOf(demoFineTune, 100).learningRate.warmup).toEqual({ steps: 30 });
    expect(stepsOf(demoScratch, 100).learningRate.warmup).toEqual({ steps: 30 });
  });

  it("takes no batch larger than the data", () => {
    const { recipes } = settingsFor({ images: 10, classes: 2 });
    expect(recipes.tokenizer.batchSize).toBe(10);
    expect(recipes.pretrain.batchSize).toBe(10);
    expect(stepsPerEpoch({ length: 10 }, recipes.pretrain)).toBe(1);
    expect(recipes.fineTune.batchSize).toBeLessThanOrEqual(2 * labelsPerClass);
  });

  it("takes the center of photos instead of squeezing them", () => {
    expect(settingsFor({ kind: "folder" as never }).pixelView.fit).toEqual({ kind: "centerCrop", cropRatio: 1 });
  });

  it("is a matter of an epoch or two when short, with the models of the long run", () => {
    const { recipes } = settingsFor({ images: 400, short: true });
    expect(recipes.tokenizer.epochs + recipes.pretrain.epochs).toBeLessThanOrEqual(4);
    expect(recipes.fineTune.epochs).toBeLessThanOrEqual(5);
    expect(recipes.pretrain.model).toEqual(demoPretrain.model);
    expect(recipes.tokenizer.model).toEqual(demoTokenizer.model);
  });
});
