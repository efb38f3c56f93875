import { dvaeVariants, loadTokenizer, type DvaeConfig } from "@beitjs/dvae-tokenizer";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { expect, it } from "vitest";
import { checkMatch } from "../stages/pretrain.ts";
import { checkRecipe } from "./check-recipe.ts";
import { fitToTokenizer } from "./fit-to-tokenizer.ts";
import { demoPretrain, demoTokenizer, pretrainBase, pretrainSmall, pretrainTiny, tokenizerSmall } from "./index.ts";

const fitted = (recipe: typeof pretrainTiny, config: DvaeConfig) =>
  checkRecipe("test", fitToTokenizer(recipe, { config }), "pretrain");

it("makes recipes for OpenAI's tokenizer fit the small one, which comes along", async () => {
  const tokenizer = await loadTokenizer("small", createReferenceBackend());
  for (const recipe of [pretrainTiny, pretrainBase]) {
    expect(() => checkMatch(recipe, tokenizer)).toThrow(
      "[pretrain] expected vocabSize of the codebook's, got 8192 and 1024; " +
        "this tokenizer takes model.vocabSize=1024 views.tokenSize=56",
    );
    checkMatch(fitToTokenizer(recipe, tokenizer), tokenizer);
  }
  expect(fitToTokenizer(pretrainSmall, tokenizer)).toEqual(pretrainSmall);
});

it("leaves recipes as they are with the tokenizers that they were written for", () => {
  expect(fitted(demoPretrain, demoTokenizer.model)).toEqual(demoPretrain);
  expect(fitted(pretrainBase, dvaeVariants["dall-e"])).toEqual(pretrainBase);
});

it("takes grid and channels: images of as many patches, the same share of them hidden", () => {
  const gray = fitted(pretrainSmall, demoTokenizer.model);
  expect(gray.model).toMatchObject({ imageSize: 32, patchSize: 8, channels: 1, vocabSize: 128 });
  expect(gray.views).toMatchObject({ channels: 1, pixelSize: 32, tokenSize: 16, mean: [0.5], std: [0.5] });
  expect(gray.mask).toEqual({ kind: "blockwise", variant: "official", count: 6, minBlock: 1 });
  const wide = fitted(pretrainSmall, { ...tokenizerSmall.model, imageSize: [56, 84] });
  expect(wide.views).toMatchObject({ pixelSize: [112, 168], tokenSize: [56, 84], ratio: [9 / 8, 2] });
  expect(wide.mask).toMatchObject({ count: 113, minBlock: 24 });
  const color = fitted(demoPretrain, tokenizerSmall.model);
  expect(color.views).toMatchObject({ channels: 3, mean: [0.5, 0.5, 0.5] });
});
