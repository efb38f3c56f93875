import { dvaeVariants } from "@beitjs/dvae-tokenizer";
import { beitVariants } from "@beitjs/beit-encoder";
import {
  checkRecipe,
  demoPretrain,
  demoTokenizer,
  fineTuneBase,
  fineTuneSmall,
  pretrainSmall,
  tokenizerSmall,
} from "@beitjs/trainers";
import { expect, it } from "vitest";
import { batchFor, recipeForModel, recipeForTokenizer } from "./default-recipe.ts";

it("is the one for such a tokenizer, such a model", () => {
  const tokenizers = [demoTokenizer.model, tokenizerSmall.model, dvaeVariants["dall-e"]];
  expect(tokenizers.map((config) => recipeForTokenizer(config).name)).toEqual([
    "pretrain-demo",
    "pretrain-small",
    "pretrain-tiny",
  ]);
  const models = [demoPretrain.model, pretrainSmall.model, beitVariants.small, beitVariants.large];
  expect(models.map((config) => recipeForModel(config).name)).toEqual([
    "fine-tune-demo",
    "fine-tune-small",
    "fine-tune-base",
    "fine-tune-base",
  ]);
});

it("of base size has smaller batches for fewer images, at a rate in proportion", () => {
  expect(batchFor(fineTuneBase, { length: 50_000 })).toEqual(fineTuneBase);
  expect(batchFor(fineTuneSmall, { length: 40 })).toEqual(fineTuneSmall);
  for (const [length, batchSize, microBatches] of [
    [10_239, 512, 4],
    [1200, 64, 1],
    [24, 2, 1],
    [3, 2, 1], // images are mixed in twos
  ]) {
    const recipe = checkRecipe("test", batchFor(fineTuneBase, { length }), "fine-tune");
    expect(recipe).toMatchObject({ batchSize, microBatches });
    expect(recipe.learningRate.batchScaling).toEqual({ rule: "linear", baseSize: 1024 });
  }
});
