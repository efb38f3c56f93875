// What the table says of stages, where it is decided in it: the words and values of a run are tested with the commands.
import { demoFineTune, demoGaussian, demoPretrain, demoTokenizer, recipes, type Recipe } from "@beitjs/trainers";
import { expect, it } from "vitest";
import { evalViewOf, inWords, stages, stagesOfKind } from "./stages.ts";

it("says whose checkpoints a command takes for a tokenizer, for a BEiT, or for either", () => {
  expect(stagesOfKind("tokenizer")).toEqual(["tokenizer"]);
  expect(stagesOfKind("beit")).toEqual(["pretrain", "fine-tune"]);
  expect(stagesOfKind()).toEqual(["tokenizer", "pretrain", "fine-tune"]);
});

it("has a view for every recipe, of the size and channels of its model, the same for every image", () => {
  for (const [name, recipe] of Object.entries<Recipe>(recipes)) {
    const { imageSize, channels } = recipe.model;
    expect({ name, ...evalViewOf(recipe) }).toMatchObject({ name, size: imageSize, channels });
  }
  expect(evalViewOf(demoTokenizer)).toMatchObject({ filter: "lanczos", normalization: "unit" });
  const { mean, std } = demoPretrain.views;
  expect(evalViewOf(demoPretrain)).toMatchObject({ filter: "bicubic", normalization: { mean, std } });
  expect(evalViewOf(demoFineTune)).toBe(demoFineTune.evalView);
});

it("sets figures beside what to expect of them", () => {
  const usage = { used: 3, vocabSize: 16, perplexity: 2.5, tokens: 160 };
  expect(inWords("tokenizer", { meanAbsoluteError: 0.25, usage, counts: [] }, demoTokenizer)).toBe(
    "mean absolute error 0.2500 (pixels in [-1, 1]), codebook: 3 of 16 tokens in use, perplexity 2.5 (1 to 16), over 160 tokens",
  );
  expect(inWords("gaussian", { meanAbsoluteError: 0.25 }, demoGaussian)).toBe(
    "mean absolute error 0.2500 (pixels in [-1, 1], from the posterior means)",
  );
  expect(inWords("pretrain", { loss: 2.5, accuracy: 0.125, maskedPatches: 80 }, demoPretrain)).toBe(
    "loss 2.500 (start: ln 128 = 4.852), masked patches: accuracy 12.5 % (chance: 0.781 %)",
  );
  const scores = { images: 4, accuracy: 0.75, loss: 0.5, top5: 1, confusion: [[2, 0], [1, 1]], classes: ["cat", "dog"], classAccuracy: [1, 0.5], calibrationError: 0.031, calibration: [], mistakes: [] };
  expect(inWords("fine-tune", scores, demoFineTune)).toBe("accuracy 75 % (chance: 50 %), top 5 100 %");
});

it("warns of a collapsed codebook, but not before it could be another", () => {
  const usage = { used: 1, vocabSize: 16, perplexity: 1, tokens: 160 };
  const report = { usage } as Parameters<NonNullable<typeof stages.tokenizer.warning>>[0];
  expect(stages.tokenizer.warning?.({ ...report, step: 99 })).toBeUndefined();
  expect(stages.tokenizer.warning?.({ ...report, step: 100 })).toMatch(/^codebook collapse: 1 of 16/);
});
