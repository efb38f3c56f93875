// Values set by path: in place, in lists, and where a part of the recipe becomes one of another kind.
import { describe, expect, it } from "vitest";
import { checkRecipe } from "./check-recipe.ts";
import {
  demoFineTune,
  demoPretrain,
  fineTuneBase,
  pretrainBase,
  pretrainSmallVisible,
  pretrainTiny,
  tokenizerDallE,
  tokenizerSmall,
} from "./index.ts";
import { RecipeError } from "./recipe-error.ts";
import type { Recipe } from "./recipe.ts";
import { setInRecipe } from "./set-value.ts";

/** Sets values in turn; the result is a good recipe. */
function set(recipe: Recipe, ...values: readonly (readonly [path: string, value: unknown])[]) {
  let result: Recipe = recipe;
  const taken: (readonly [string, unknown])[] = [];
  for (const [path, value] of values) {
    const next = setInRecipe(result, path.split("."), value);
    taken.push(...next.taken.map((one) => [one.path.join("."), one.value] as const));
    result = next.recipe as Recipe;
  }
  return { recipe: checkRecipe("test", result, recipe.stage), taken };
}

describe("a value", () => {
  it("is replaced, and nothing else is", () => {
    const { recipe, taken } = set(pretrainTiny, ["epochs", 3], ["views.mean.1", 0.4], ["model", pretrainBase.model]);
    const views = { ...pretrainTiny.views, mean: [0.5, 0.4, 0.5] };
    expect(recipe).toEqual({ ...pretrainTiny, epochs: 3, views, model: pretrainBase.model });
    expect(taken).toEqual([]);
    expect(pretrainTiny.views.mean).toEqual([0.5, 0.5, 0.5]);
  });

  it("may be an optional one", () => {
    expect(set(pretrainBase, ["mask.maxBlock", 40]).recipe).toMatchObject({
      mask: { ...pretrainBase.mask, maxBlock: 40 },
    });
    expect(set(pretrainBase, ["adamW.weightDecayEnd", 0.4]).recipe.adamW.weightDecayEnd).toBe(0.4);
  });

  it("is refused below what has no keys", () => {
    for (const path of [
      "epochs.2",
      "views.mean.7",
      "views.mean.length",
      "views.mean.at",
      "stage.length",
      "views.mean.__proto__",
      "views.mean.0.x",
      "mask.nothing.count",
      "nothing.at.all",
    ]) {
      expect(() => setInRecipe(pretrainTiny, path.split("."), 1), path).toThrow(RecipeError);
    }
  });
});

describe("another kind", () => {
  it("of mask keeps the count, or hides the paper's share of patches", () => {
    const uniform = set(pretrainBase, ["mask.kind", "uniform"]);
    expect(uniform.recipe).toMatchObject({ mask: { kind: "uniform", count: 75 } });
    expect(uniform.taken).toEqual([]);
    const paper = set(demoPretrain, ["mask.variant", "paper"]);
    expect(paper.recipe).toMatchObject({ mask: { kind: "blockwise", variant: "paper", minBlock: 2 } });
    expect(paper.recipe).not.toHaveProperty("mask.count");
    const back = setInRecipe(paper.recipe, ["mask", "kind"], "uniform");
    expect(back.recipe["mask"]).toEqual({ kind: "uniform", count: 6 });
    expect(back.taken).toEqual([{ path: ["mask", "count"], value: 6 }]);
    expect(set(uniform.recipe, ["mask.kind", "blockwise"]).recipe).toMatchObject({
      mask: { kind: "blockwise", count: 75 },
    });
  });

  it("of network, crop, fit and normalization takes what the table has", () => {
    const strided = set(
      tokenizerDallE,
      ["model.architecture", "strided"],
      ["model.layers", 2],
      ["views.tokenSize", 112],
    );
    const {
      groups: _,
      blocksPerGroup: __,
      ...shared
    } = tokenizerDallE.model as typeof tokenizerDallE.model & {
      readonly groups: number;
      readonly blocksPerGroup: number;
    };
    const network = { ...shared, architecture: "strided", layers: 2, blocksPerStage: 0, middleBlocks: 2 };
    expect(strided.recipe).toEqual({ ...tokenizerDallE, model: network });
    expect(strided.taken).toEqual([
      ["model.layers", 3],
      ["model.blocksPerStage", 0],
      ["model.middleBlocks", 2],
    ]);
    expect(set(tokenizerSmall, ["model.architecture", "dall-e"]).taken).toEqual([
      ["model.groups", 4],
      ["model.blocksPerGroup", 2],
    ]);
    expect(set(demoFineTune, ["view.crop.kind", "padded"]).recipe).toMatchObject({
      view: { crop: { kind: "padded", padding: 4 } },
    });
    const resized = setInRecipe(
      set(demoFineTune, ["view.crop.kind", "padded"]).recipe,
      ["view", "crop", "kind"],
      "resized",
    );
    expect(resized.recipe).toMatchObject({
      view: { crop: { kind: "resized", scale: [0.08, 1], ratio: [3 / 4, 4 / 3] } },
    });
    expect(set(demoFineTune, ["evalView.fit.kind", "centerCrop"]).taken).toEqual([["evalView.fit.cropRatio", 0.875]]);
    const named = set(fineTuneBase, ["view.normalization", "unit"], ["view.normalization.mean", [0.4, 0.5, 0.6]]);
    expect(named.recipe).toMatchObject({ view: { normalization: { mean: [0.4, 0.5, 0.6], std: [0.5, 0.5, 0.5] } } });
  });

  it("of a fit stays what it was where only its name changes", () => {
    const { recipe, taken } = set(fineTuneBase, ["evalView.fit.kind", "squareCrop"]);
    expect(recipe).toMatchObject({ evalView: { fit: { kind: "squareCrop", cropRatio: 0.875 } } });
    expect(taken).toEqual([]);
  });

  it("of mask may be told as a share, and as a count again", () => {
    const share = set(pretrainBase, ["mask.kind", "uniform"], ["mask.share", 0.75]).recipe;
    expect(share).toHaveProperty("mask", { kind: "uniform", share: 0.75 });
    expect(set(share, ["mask.count", 60]).recipe).toMatchObject({ mask: { kind: "uniform", count: 60 } });
    const spans = set(pretrainBase, ["mask.kind", "span"]);
    expect(spans.taken).toEqual([["mask.share", 75 / 196]]);
    expect(set(share, ["mask.kind", "span"]).recipe).toMatchObject({ mask: { kind: "span", share: 0.75 } });
  });

  it("of pre-training gets the decoder and the pixels that are not told", () => {
    const begun = set(pretrainSmallVisible, ["decoder.depth", 4], ["pixels.error", "absolute"]).recipe;
    expect(begun).toHaveProperty("decoder", { width: 64, depth: 4, heads: 2 });
    expect(begun).toHaveProperty("pixels", { normalized: true, error: "absolute" });
  });

  it("of length is in these units alone", () => {
    const { warmup } = set(pretrainTiny, ["learningRate.warmup.epochs", 5]).recipe.learningRate;
    expect(warmup).toEqual({ epochs: 5 });
    expect(set(pretrainTiny, ["learningRate.warmup.share", 0.2]).recipe.learningRate.warmup).toEqual({ share: 0.2 });
  });

  it("of nothing is begun with the table's values", () => {
    const { recipe, taken } = set(pretrainTiny, ["learningRate.batchScaling.rule", "sqrt"]);
    expect(recipe.learningRate.batchScaling).toEqual({ rule: "sqrt", baseSize: 256 });
    expect(taken).toEqual([["learningRate.batchScaling.baseSize", 256]]);
  });

  it("of recipe is not begun", () => {
    expect(setInRecipe(pretrainTiny, ["stage"], "fine-tune")).toEqual({
      recipe: { ...pretrainTiny, stage: "fine-tune" },
      taken: [],
    });
  });
});
