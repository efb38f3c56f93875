import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createRng } from "@beitjs/tensor-core/random";
import { bytesSource } from "@beitjs/tensor-core/files";
import { initBeit, openBeit, saveOfficialBeit, type BeitConfig, type Preprocessing } from "@beitjs/beit-encoder";
import { expect, it } from "vitest";
import { checkRecipe } from "./check-recipe.ts";
import {
  demoFineTune,
  demoPretrain,
  fineTune384,
  fineTuneBase,
  fineTuneSmall,
  fitToModel,
  pretrainSmall,
  pretrainTiny,
} from "./index.ts";

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const model = (config: BeitConfig, { mean, std }: Pick<Preprocessing, "mean" | "std">) => ({
  beit: { config },
  preprocessing: { filter: "bicubic", size: config.imageSize, fit: "square", crop: 0, mean, std } as const,
});

it("takes sizes, mean and std of the model that fine-tuning starts from, for training and evaluation alike", async () => {
  const backend = createReferenceBackend();
  const config = { ...pretrainTiny.model, width: 64, heads: 1, depth: 1 };
  const beit = initBeit(config, createRng(1), backend);
  const file = bytesSource(await saveOfficialBeit(beit), "beitv2_tiny.pth");
  const opened = await openBeit(file, backend);
  const recipe = checkRecipe("test", fitToModel(fineTuneBase, opened), "fine-tune");
  const { view, evalView } = fineTuneBase;
  expect(recipe).toEqual({
    ...fineTuneBase,
    model: { ...fineTuneBase.model, width: 64, heads: 1, depth: 1 },
    view: { ...view, normalization: imagenet },
    evalView: { ...evalView, normalization: imagenet },
  });
});

it("leaves a recipe as it is that fits already", () => {
  const gray = { mean: [0.5], std: [0.5] };
  expect(fitToModel(demoFineTune, model(demoPretrain.model, gray))).toEqual(demoFineTune);
  expect(fitToModel(fineTuneSmall, model(pretrainSmall.model, half))).toEqual(fineTuneSmall);
});

it("makes a recipe of photographs fit a model of small gray images, and of rectangles", () => {
  const gray = { mean: [0.3], std: [0.2] };
  const fitted = checkRecipe("test", fitToModel(fineTuneBase, model(demoPretrain.model, gray)), "fine-tune");
  expect(fitted.model).toMatchObject({ imageSize: 28, patchSize: 7, channels: 1, relativePositions: "none" });
  for (const view of [fitted.view, fitted.evalView])
    expect(view).toMatchObject({ size: 28, channels: 1, normalization: gray });
  const wide = model({ ...pretrainSmall.model, imageSize: [112, 224] }, half);
  const { view } = checkRecipe("test", fitToModel(fineTuneSmall, wide), "fine-tune");
  expect(view).toMatchObject({ size: [112, 224], crop: { ratio: [1.5, 8 / 3] } });
});

it("keeps the crop, the filter and the pooling of a classifier", () => {
  const { imageSize: size } = fineTuneSmall.model;
  const config: BeitConfig = { ...fineTuneSmall.model, classes: 10, pooling: "class" };
  const preprocessing: Preprocessing = { filter: "bilinear", size: 128, fit: "shortSide", crop: size, ...imagenet };
  const fitted = checkRecipe("test", fitToModel(fineTuneSmall, { beit: { config }, preprocessing }), "fine-tune");
  expect([fitted.view.filter, fitted.model.pooling]).toEqual(["bilinear", "class"]);
  expect(fitted.evalView).toEqual({
    channels: 3,
    size,
    fit: { kind: "centerCrop", cropRatio: 0.875, margins: "even" },
    filter: "bilinear",
    normalization: imagenet,
  });
});

it("sees all of the short side at 384 and above, whatever was seen below, and the usual share below", () => {
  const ratioOf = (recipe: typeof fineTuneBase, config: BeitConfig, crop = 0.875) => {
    const { imageSize: size } = config;
    const covered = { size: Math.floor((size as number) / crop), fit: "shortSide", crop: size } as const;
    const { fit } = fitToModel(recipe, {
      beit: { config },
      preprocessing: { filter: "bicubic", ...covered, ...half },
    }).evalView;
    return fit.kind === "direct" ? undefined : fit.cropRatio;
  };
  const encoder = (imageSize: number) => ({ ...pretrainTiny.model, imageSize });
  const classifier = (imageSize: number) => ({ ...fineTuneBase.model, imageSize, classes: 10 });
  expect([224, 383, 384, 512].map((size) => ratioOf(fineTuneBase, encoder(size)))).toEqual([0.875, 0.875, 1, 1]);
  expect(ratioOf(fineTune384, encoder(224))).toBe(0.875);
  expect(ratioOf(fineTuneBase, classifier(400), 0.8)).toBe(1);
  expect(ratioOf(fineTune384, classifier(160), 0.8)).toBe(0.8);
});
