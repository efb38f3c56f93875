// What the page trains, and what it does not.
import { fineTuneBase, pretrainSmall, tokenizerSmall } from "@beitjs/trainers";
import { describe, expect, it } from "vitest";
import { evaluateEvery, pageRecipe, pageStage } from "./recipe.ts";

describe("pageStage", () => {
  it("is pre-training; others are refused by name", () => {
    expect(pageStage(pretrainSmall)).toBe(pretrainSmall);
    expect(() => pageStage(tokenizerSmall)).toThrow(
      "expected a recipe of stage pretrain, the one that the page trains",
    );
    expect(() => pageStage(fineTuneBase)).toThrow(/got fine-tune; train it in Node/);
  });

  it("refuses several labels an image by their name", () => {
    expect(() => pageStage({ ...fineTuneBase, labels: "multi" })).toThrow(
      "got fine-tune with several labels an image (labels: multi)",
    );
  });
});

describe("evaluateEvery", () => {
  it("is an epoch, or more of a run of many", () => {
    expect([1, 40, 41, 600].map((epochs) => evaluateEvery({ epochs }))).toEqual([1, 1, 2, 15]);
    const settings = { steps: 600, width: 64, depth: 3, heldOutShare: 0.1, colorProfile: "ignore" } as const;
    expect(evaluateEvery(pageRecipe(450, tokenizerSmall.model, settings))).toBe(1);
  });
});
