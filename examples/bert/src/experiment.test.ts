import { expect, it } from "vitest";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fineTune, freshBert, prepare, pretrainBert, type Settings } from "./experiment.ts";
import { objectives, type ObjectiveName } from "./objectives.ts";

const settings: Settings = {
  seed: 1,
  batch: 4,
  model: { length: 11, width: 8, depth: 1, heads: 2 },
  pretraining: { steps: 30, peak: 1e-2 },
  fineTuning: { steps: 20, peak: 1e-2 },
  labels: 2,
};
const text = (name: string, sentence: string) => ({
  name,
  training: Array.from({ length: 3 }, () => `${sentence}\n${sentence}`),
  testing: [sentence],
});
const texts = [text("a", "aba abab abba."), text("b", "xyx yxyx xyyx.")];
const silent = () => {};

it.each(Object.keys(objectives) as ObjectiveName[])("%s learns what is hidden in a text of few words", async (name) => {
  const experiment = prepare(texts, settings);
  const { bert, losses } = await pretrainBert(experiment, name, createReferenceBackend(), silent);
  const mean = (part: readonly number[]) => part.reduce((sum, loss) => sum + loss) / part.length;
  expect(mean(losses.slice(-5))).toBeLessThan(mean(losses.slice(0, 5)) - 0.3);
  expect(bert.characters.shape).toEqual([experiment.characters.vocabSize, 8]);
});

it("tells the texts apart, trains the same twice, and tests on passages of other documents", async () => {
  const experiment = prepare(texts, settings);
  const run = () => fineTune(experiment, freshBert(experiment, createReferenceBackend()), "scratch", silent);
  const first = await run();
  expect(first.accuracy).toBe(1);
  expect(first).toEqual(await run());
  expect(experiment.test.classes).toEqual([0, 1]);
});

it("refuses more labels than there are passages", () => {
  expect(() => prepare(texts, { ...settings, labels: 50 })).toThrow(
    "[prepare] expected 50 passages of 10 characters in a, got",
  );
});
