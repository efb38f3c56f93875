import { expect, it } from "vitest";
import { checkRecipe, fitToChannels, pretrainSmall, recipes, tokenizerSmall, type Recipe } from "./index.ts";

const all = Object.entries(recipes) as readonly (readonly [string, Recipe])[];

it.each(all)("%s can be one of 1 to 8 channels", (_, recipe) => {
  for (let channels = 1; channels <= 8; channels++) {
    const fitted = fitToChannels(recipe, channels);
    expect(checkRecipe("test", fitted, recipe.stage)).toEqual(fitted);
    expect(fitted.model.channels).toBe(channels);
  }
  const { channels } = recipe.model;
  expect(fitToChannels(recipe, channels)).toEqual(recipe);
});

it("has the mean and std that are known, 0.5 for bands, and no color jitter of them", () => {
  const { views, ...rest } = tokenizerSmall;
  const own = { ...rest, views: { ...views, mean: [0.1, 0.2, 0.6], std: [0.2, 0.2, 0.5] } };
  const { views: gray } = fitToChannels(own, 1);
  expect(gray.mean[0]).toBeCloseTo(0.3, 12);
  expect(gray.std[0]).toBeCloseTo(0.3, 12);
  expect(gray.colorJitter).toEqual(views.colorJitter);
  const { views: bands } = fitToChannels(own, 4);
  expect(bands).toMatchObject({ channels: 4, mean: [0.5, 0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5, 0.5] });
  expect(bands.colorJitter).toEqual({ brightness: 0, contrast: 0, saturation: 0 });
});

it("is refused with color jitter of bands, and beyond 8", () => {
  const fitted = fitToChannels(pretrainSmall, 5);
  const jitter = { ...fitted.views.colorJitter, brightness: 0.1 };
  expect(() => checkRecipe("test", { ...fitted, views: { ...fitted.views, colorJitter: jitter } }, "pretrain")).toThrow(
    "views.colorJitter.brightness to be 0, as 5 channels are no colors, got 0.1",
  );
  for (const channels of [9, 0, 1.5]) {
    const wrong = { ...fitted, model: { ...fitted.model, channels } };
    expect(() => checkRecipe("test", wrong, "pretrain")).toThrow(
      `model.channels to be an integer from 1 to 8, got ${channels}`,
    );
  }
});
