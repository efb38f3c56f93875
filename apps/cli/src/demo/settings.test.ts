// The demo's recipes for other data: what changes, and that nothing does for the data shipped.
import { demoFineTune, demoPretrain, demoScratch, demoTokenizer, stepsPerEpoch, type Dataset } from "@beitjs/trainers";
import { describe, expect, it } from "vitest";
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
    const share = (steps: number, recipe: { epochs: number; batchSize: number }, length: number) =>
      steps / (recipe.epochs * stepsPerEpoch({ length }, recipe));
    const near = (a: number, b: number, steps: number) => expect(Math.abs(a - b)).toBeLessThanOrEqual(1 / steps);
    const { tokenizer, pretrain, fineTune } = recipes;
    const steps = tokenizer.epochs * stepsPerEpoch({ length: images }, tokenizer);
    near(
      share(tokenizer.temperature.steps, tokenizer, images),
      share(demoTokenizer.temperature.steps, demoTokenizer, 12_000),
      steps,
    );
    near(
      share(tokenizer.klWeight.steps, tokenizer, images),
      share(demoTokenizer.klWeight.steps, demoTokenizer, 12_000),
      steps,
    );
    const updates = pretrain.epochs * stepsPerEpoch({ length: images }, pretrain);
    near(
      share(pretrain.learningRate.warmupSteps, pretrain, images),
      share(demoPretrain.learningRate.warmupSteps, demoPretrain, 12_000),
      updates,
    );
    const labels = 4 * labelsPerClass;
    near(
      share(fineTune.learningRate.warmupSteps, fineTune, labels),
      share(demoFineTune.learningRate.warmupSteps, demoFineTune, 100),
      60,
    );
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
