import { parameterCount } from "@beitjs/beit-encoder";
import { expect, it } from "vitest";
import { demoGaussian, demoPretrain, fineTuneBase, recipes } from "../recipes/index.ts";
import { tinyImages } from "../testing.ts";
import { planOf } from "./plan.ts";

it("tells parameters, steps, classes and the schedule of a run", () => {
  const recipe = { ...demoPretrain, batchSize: 8, microBatches: 2, epochs: 4 };
  const plan = planOf({ ...recipe, learningRate: { peak: 0.1, minimum: 0, warmup: { share: 0.25 } } }, tinyImages(25));
  expect(plan).toMatchObject({
    parameters: parameterCount(demoPretrain.model),
    images: 25,
    imagesByClass: { left: 13, top: 12 },
    stepsPerEpoch: 3,
    totalSteps: 12,
    warmupSteps: 3,
    microBatches: 2,
  });
  expect([plan.learningRate(0), plan.learningRate(2), plan.weightDecay(5)]).toEqual([0, 0.1, 0.05]);
  const parts = Object.values(plan.parametersByPart);
  expect(parts.reduce((sum, count) => sum + count)).toBe(plan.parameters);
  expect(plan.parametersByPart["visualTokenHead"]).toBe(65 * 128);
});

it.each(Object.keys(recipes))("counts the parameters of %s without making them", (name) => {
  const { parameters } = planOf(recipes[name], { length: 5000, label: () => undefined });
  expect(parameters).toBeGreaterThan(5e4);
});

it("counts the parameters of DALL-E's network as its authors do", () => {
  const { parameters } = planOf(recipes["tokenizer-dall-e"], { length: 512, label: () => undefined });
  expect((parameters / 1e6).toFixed(1)).toBe("97.6");
});

it("counts the classes of a classifier, and knows a VAE without a codebook", () => {
  const classes = Array.from({ length: 1000 }, String);
  const images = { length: 2048, classes, label: () => 7 };
  expect(planOf(fineTuneBase, images).parametersByPart["classHead"]).toBe(769 * 1000);
  expect(planOf(demoGaussian, images).parametersByPart).not.toHaveProperty("codebook");
});
