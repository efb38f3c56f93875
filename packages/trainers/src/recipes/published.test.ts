// The recipes of the paper hold its values: those of its tables, and where it has none those of its authors' code.
import type { beitVariants } from "@beitjs/beit-encoder";
import { describe, expect, it } from "vitest";
import { ablated, ablationRows, pretrainSmall, pretrainSmallVisible, recipeFacts, recipes } from "./index.ts";
import { checkRecipe } from "./check-recipe.ts";
import { RecipeError } from "./recipe-error.ts";
import type { FineTuneRecipe, PretrainRecipe } from "./recipe.ts";

const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const warmup = (epochs: number) => ({ epochs });

describe("Table 12", () => {
  it.each([
    ["pretrain-base", { width: 768, depth: 12, heads: 12 }, 3],
    ["pretrain-large", { width: 1024, depth: 24, heads: 16 }, 1],
  ] as const)("%s", (name, sizes, clipNorm) => {
    expect(recipes[name]).toMatchObject({
      model: { ...sizes, mlpRatio: 4, patchSize: 16, imageSize: 224, dropPath: 0.1, vocabSize: 8192 },
      mask: { kind: "blockwise", count: 75, minBlock: 16 },
      ...{ encoder: "all", target: "tokens", loss: "masked", epochs: 800, batchSize: 2048 },
      learningRate: { peak: 1.5e-3, minimum: 1e-5, warmup: warmup(10) },
      adamW: { ...adam, weightDecay: 0.05, clipNorm },
      views: { pixelSize: 224, tokenSize: 112, flip: 0.5, scale: [0.08, 1] },
    });
    expect(recipeFacts[name].source).toMatch("Table 12");
  });

  it("tiny and small are DeiT's sizes and one machine's", () => {
    expect(recipes["pretrain-tiny"].model).toMatchObject({ width: 192, depth: 12, heads: 3 });
    expect((recipes["pretrain-large"].model as typeof beitVariants.large).layerScale).toBe(1e-5);
  });
});

type Row = [
  name: string,
  depth: 12 | 24,
  epochs: number,
  batchSize: number,
  rate: number,
  warmup: number,
  layerDecay: number,
  weightDecay: number,
  dropPath: number,
  erase: 0 | 0.25,
  mixes: boolean,
  clipNorm: number,
];

describe("Table 13, and the stages of the authors' README", () => {
  const rows: readonly Row[] = [
    ["fine-tune-base", 12, 100, 1024, 4e-3, 20, 0.65, 0.05, 0.1, 0.25, true, 0],
    ["fine-tune-large", 24, 50, 1024, 2e-3, 5, 0.75, 0.05, 0.1, 0.25, true, 0],
    ["fine-tune-cifar100", 12, 150, 512, 3e-3, 20, 0.65, 0.3, 0.1, 0, true, 0],
    ["fine-tune-cifar10", 12, 150, 512, 3e-3, 20, 0.65, 0.3, 0.1, 0, true, 0],
    ["intermediate-base", 12, 90, 4096, 3e-3, 5, 0.65, 0.05, 0.2, 0.25, false, 3],
    ["intermediate-large", 24, 90, 2048, 2e-3, 5, 0.75, 0.05, 0.2, 0.25, false, 1],
    ["fine-tune-after-intermediate-base", 12, 30, 512, 2e-5, 5, 0.85, 1e-8, 0.1, 0.25, false, 0],
    ["fine-tune-after-intermediate-large", 24, 30, 512, 2e-5, 5, 0.9, 1e-8, 0.4, 0.25, false, 0],
    ["fine-tune-384", 12, 10, 512, 5e-6, 0, 1, 1e-8, 0.1, 0.25, true, 0],
  ];

  it.each<Row>([...rows])(
    "%s",
    (name, depth, epochs, batchSize, peak, warm, layerDecay, weightDecay, dropPath, erasing, mixes, clipNorm) => {
      const recipe = recipes[name] as FineTuneRecipe;
      const { model, view } = recipe;
      expect(recipe).toMatchObject({
        ...{ epochs, batchSize, layerDecay, labelSmoothing: 0.1 },
        model: { depth, width: depth === 12 ? 768 : 1024, dropPath, layerScale: depth === 12 ? 0.1 : 1e-5 },
        learningRate: { peak, minimum: name === "fine-tune-384" ? peak : 1e-6, warmup: warmup(warm) },
        adamW: { ...adam, weightDecay, clipNorm },
      });
      expect(view.randAugment).toEqual({ operations: 2, probability: 0.5, magnitude: 9, magnitudeStd: 0.5 });
      expect(view.erase?.probability ?? 0).toBe(erasing);
      const mix = { mixupAlpha: 0.8, cutmixAlpha: 1, probability: 1, switchProbability: 0.5 };
      expect(recipe.mix).toEqual(mixes ? mix : undefined);
      expect(recipe.repeatedAugmentation).toBeUndefined();
      expect(view.size).toBe(model.imageSize);
      expect(recipe.evalView.fit).toEqual({
        kind: "centerCrop",
        cropRatio: model.imageSize === 384 ? 1 : 0.875,
      });
      expect(recipeFacts[name].source).toMatch(/BEiT, (Table 13|section 3.1)|README/);
    },
  );

  it("rates of Table 13 are of those that it tries", () => {
    for (const name of ["fine-tune-base", "fine-tune-large", "fine-tune-cifar100"]) {
      expect([2e-3, 3e-3, 4e-3, 5e-3]).toContain(recipes[name].learningRate.peak);
    }
  });
});

describe("Table 4", () => {
  const plain = { absolutePositions: true, relativePositions: "none", layerScale: 0 };
  const blocks = { kind: "blockwise", variant: "official", count: 75, minBlock: 16 };
  const squared = { normalized: false, error: "squared" };

  it.each([
    ["beit", [82.86, 44.65], { mask: blocks, target: "tokens", loss: "masked" }],
    ["uniform", [82.77, 42.93], { mask: { kind: "uniform", count: 75 }, target: "tokens", loss: "masked" }],
    ["pixels", [81.04, 41.38], { mask: blocks, target: "pixels", pixels: squared, loss: "masked" }],
    [
      "pixels-uniform",
      [80.5, 37.09],
      { mask: { kind: "uniform", count: 75 }, target: "pixels", pixels: squared, loss: "masked" },
    ],
    ["recover-all", [82.59, 40.93], { mask: blocks, target: "tokens", loss: "all" }],
    ["unmasked", [81.67, 36.73], { mask: { kind: "none" }, target: "tokens", loss: "all" }],
  ] as const)("ablation-%s is the plain ViT of 300 epochs, but for that", (name, [imageNet, ade20k], changes) => {
    const recipe = recipes[`ablation-${name}`] as PretrainRecipe;
    const base = recipes["pretrain-base"] as PretrainRecipe;
    expect(recipe).toEqual({ ...base, model: { ...base.model, ...plain }, epochs: 300, ...changes });
    expect(ablationRows.find((row) => row.name === name)?.paper).toEqual({ imageNet, ade20k });
    expect(recipeFacts[`ablation-${name}`].source).toMatch("Table 4");
  });

  it("is of any recipe of BEiT's own way, with its masks and its pixels", () => {
    const normalized = { ...pretrainSmall, pixels: { normalized: true, error: "absolute" } } as const;
    for (const { name } of ablationRows) {
      const recipe = checkRecipe("test", ablated(normalized, name), "pretrain");
      expect(recipe.pixels).toEqual(name.startsWith("pixels") ? normalized.pixels : undefined);
      expect([recipe.epochs, recipe.model]).toEqual([pretrainSmall.epochs, pretrainSmall.model]);
    }
    const ofShares = { ...pretrainSmall, mask: { kind: "blockwise", variant: "paper", ratio: 0.25 } } as const;
    expect(ablated(ofShares, "uniform").mask).toEqual({ kind: "uniform", count: 49 });
  });

  it("refuses a recipe that goes another way already, and a row that there is not", () => {
    expect(() => ablated(pretrainSmallVisible, "beit")).toThrow(RecipeError);
    expect(() => ablated(pretrainSmallVisible, "beit")).toThrow(
      'expected recipe.encoder to be all, as BEiT has it and the rows of the ablation change it, got "visible"; ',
    );
    expect(() => ablated(pretrainSmall, "BEiT")).toThrow("expected beit, uniform, pixels, ");
  });
});
