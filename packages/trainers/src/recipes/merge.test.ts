// Recipes made of others: what is merged, what is replaced.
import { describe, expect, it } from "vitest";
import { checkRecipe } from "./check-recipe.ts";
import { demoFineTune, demoPretrain, fineTuneBase, pretrainBase, tokenizerDallE } from "./index.ts";
import { mergeRecipe } from "./merge.ts";

describe("mergeRecipe", () => {
  it("merges objects key by key and replaces values and arrays", () => {
    const change = { epochs: 3, views: { scale: [0.5, 1], colorJitter: { saturation: 0 } } };
    const merged = mergeRecipe(pretrainBase, change);
    const { views } = pretrainBase;
    expect(merged).toEqual({
      ...pretrainBase,
      epochs: 3,
      views: { ...views, scale: [0.5, 1], colorJitter: { ...views.colorJitter, saturation: 0 } },
    });
    expect(checkRecipe("test", merged, "pretrain")).toEqual(merged);
  });

  it("leaves both as they are, and nothing to do is nothing done", () => {
    const before = structuredClone(demoPretrain);
    expect(mergeRecipe(demoPretrain, {})).toEqual(before);
    expect(mergeRecipe({}, demoPretrain)).toEqual(before);
    mergeRecipe(demoPretrain, { mask: { count: 3 } });
    expect(demoPretrain).toEqual(before);
  });

  it.each<readonly [string, object, object]>([
    ["a key of the same kind", { count: 40 }, { ...pretrainBase.mask, count: 40 }],
    ["another name of the same kind", { variant: "exact" }, { ...pretrainBase.mask, variant: "exact" }],
    ["another kind", { kind: "uniform", count: 100 }, { kind: "uniform", count: 100 }],
    [
      "another kind inside the kind",
      { variant: "paper", ratio: 0.4 },
      { kind: "blockwise", variant: "paper", ratio: 0.4 },
    ],
    ["a share in the place of a count", { kind: "uniform", share: 0.75 }, { kind: "uniform", share: 0.75 }],
    ["a kind that is none", { kind: "rows" }, { kind: "rows" }],
  ])("masks: %s", (_, mask, expected) => expect(mergeRecipe(pretrainBase, { mask })["mask"]).toEqual(expected));

  it("knows the kinds of models, crops, fits and normalizations", () => {
    const strided = { architecture: "strided", layers: 3 };
    expect(mergeRecipe(tokenizerDallE, { model: strided })["model"]).toEqual(strided);
    const crop = { kind: "padded", padding: 4 };
    expect(mergeRecipe(fineTuneBase, { view: { crop } })["view"]).toEqual({ ...fineTuneBase.view, crop });
    const squared = mergeRecipe(fineTuneBase, { evalView: { fit: { kind: "squareCrop" } } });
    expect(squared).toMatchObject({ evalView: { fit: { kind: "squareCrop", cropRatio: 0.875 } } });
    const normalized = mergeRecipe(fineTuneBase, { view: { normalization: { std: [1, 1, 1] } } });
    expect(normalized).toMatchObject({ view: { normalization: { mean: [0.5, 0.5, 0.5], std: [1, 1, 1] } } });
    expect(mergeRecipe(fineTuneBase, { view: { normalization: "unit" } })).toMatchObject({
      view: { normalization: "unit" },
    });
  });

  it("replaces a length told in other units", () => {
    const warmup = { epochs: 3 };
    expect(mergeRecipe(demoPretrain, { learningRate: { warmup } })).toMatchObject({
      learningRate: { peak: 2e-3, warmup },
    });
    const merged = mergeRecipe(demoPretrain, { learningRate: { warmup } })["learningRate"] as { warmup: object };
    expect(merged.warmup).toEqual(warmup);
    expect(mergeRecipe(fineTuneBase, { learningRate: { warmup } })).toMatchObject({ learningRate: { warmup } });
  });

  it("replaces all of a recipe of another stage", () => {
    expect(mergeRecipe(demoPretrain, { stage: "fine-tune", epochs: 2 })).toEqual({ stage: "fine-tune", epochs: 2 });
    expect(mergeRecipe(demoPretrain, demoFineTune)).toEqual(demoFineTune);
  });

  it("passes on what the schema will refuse", () => {
    expect(mergeRecipe(demoPretrain, { views: null, toString: 1 })).toMatchObject({ views: null, toString: 1 });
  });
});
