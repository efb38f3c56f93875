import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createRng } from "@beitjs/tensor-core/random";
import { bytesSource } from "@beitjs/tensor-core/files";
import { initBeit, openBeit, saveOfficialBeit } from "@beitjs/beit-encoder";
import { expect, it } from "vitest";
import { checkRecipe } from "./check-recipe.ts";
import { demoFineTune, fineTuneBase, fitToModel, pretrainTiny } from "./index.ts";

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

it("takes the mean and std of the model that fine-tuning starts from, for training and evaluation alike", async () => {
  const backend = createReferenceBackend();
  const beit = initBeit({ ...pretrainTiny.model, width: 64, heads: 1, depth: 1 }, createRng(1), backend);
  const file = bytesSource(await saveOfficialBeit(beit), "beitv2_tiny.pth");
  const opened = await openBeit(file, backend);
  const recipe = checkRecipe("test", fitToModel(fineTuneBase, opened), "fine-tune");
  expect([recipe.view.normalization, recipe.evalView.normalization]).toEqual([imagenet, imagenet]);
  const { view, evalView } = fineTuneBase;
  expect(recipe).toEqual({
    ...fineTuneBase,
    view: { ...view, normalization: imagenet },
    evalView: { ...evalView, normalization: imagenet },
  });
});

it("leaves views of other channels as they are, and a recipe that fits already", () => {
  const preprocessing = { filter: "bicubic", size: 28, fit: "square", crop: 0 } as const;
  expect(fitToModel(demoFineTune, { preprocessing: { ...preprocessing, ...imagenet } })).toEqual(demoFineTune);
  const grey = { ...preprocessing, mean: [0.5], std: [0.5] };
  expect(fitToModel(demoFineTune, { preprocessing: grey })).toEqual(demoFineTune);
  const other = { mean: [0.3], std: [0.2] };
  const fitted = fitToModel(demoFineTune, { preprocessing: { ...preprocessing, ...other } });
  expect([fitted.view.normalization, fitted.evalView.normalization]).toEqual([other, other]);
});
