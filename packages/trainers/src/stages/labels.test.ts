// Labels of fine-tuning: several an image, classes that weigh differently, classes that are drawn equally often.
import { afterAll, describe, expect, it } from "vitest";
import { disposeTree, leaves, tensor, type Tensor } from "@beitjs/tensor-core";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { decodeCheckpoint, encodeCheckpoint, type DecodedCheckpoint } from "../checkpoint.ts";
import { subset, type Dataset } from "../data/index.ts";
import { evaluateMultiLabel } from "../evaluate/multi-label.ts";
import type { FineTuneRecipe } from "../recipes/recipe.ts";
import { tinyFineTune, tinyImages } from "../testing.ts";
import { fineTune, type FineTuneReport } from "./fine-tune.ts";
import { classWeights, labelLoss } from "./label-loss.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());

const both = tinyImages(48);
/** 16 images of "left" and 4 of "top". */
const uneven = subset(both, [...Array.from({ length: 16 }, (_, i) => 2 * i), 1, 3, 5, 7]);
/** Every third image has no label, the others have theirs. */
const several: Dataset = {
  ...both,
  label: () => undefined,
  labels: (index) => (index % 3 === 0 ? [] : [both.label(index) as number]),
};
const multi = { labels: "multi" } as const;

async function run(
  recipe: FineTuneRecipe,
  images: Dataset,
  { until = Infinity, resume }: { until?: number; resume?: DecodedCheckpoint } = {},
): Promise<{ losses: number[]; report: FineTuneReport }> {
  const losses: number[] = [];
  for await (const report of fineTune({ recipe, images, backend: simd, ...(resume && { resume }) })) {
    losses.push(report.loss);
    if (report.step >= until || report.step === report.totalSteps) return { losses, report };
  }
  throw new Error("no report");
}
const release = ({ state }: FineTuneReport): void => disposeTree([state.params, state.optimizer]);
const bits = (tree: unknown) => leaves<Tensor>(tree).map(([path, leaf]) => [path, leaf.readSync()]);

describe.each([
  ["several labels", { ...multi, labelSmoothing: 0.1 }, several],
  ["several labels, weighted", { ...multi, classWeights: "inverse-frequency" }, several],
  ["weighted classes", { classWeights: "inverse-frequency" }, uneven],
  ["listed weights", { classWeights: [1, 5] }, uneven],
  ["balanced classes", { sampling: "balanced" }, uneven],
  ["balanced classes of several labels", { ...multi, sampling: "balanced" }, several],
] as const)("%s", (_, change, images) => {
  const recipe: FineTuneRecipe = { ...tinyFineTune, ...change, epochs: 4 };

  it("resume to the same bits", async () => {
    const whole = await run(recipe, images);
    const stopped = await run(recipe, images, { until: 3 });
    const { state, step } = stopped.report;
    const info = { stage: "fine-tune", model: {}, recipe, step, position: { epoch: 0, batch: 3 } } as const;
    const resume = await decodeCheckpoint(await encodeCheckpoint(state, info));
    const resumed = await run(recipe, images, { resume });
    expect([...stopped.losses, ...resumed.losses]).toEqual(whole.losses);
    expect(bits(resumed.report.state.params)).toEqual(bits(whole.report.state.params));
    for (const { report } of [whole, stopped, resumed]) release(report);
  });

  it("add up micro-batches to the batch's loss and gradient", async () => {
    const calm = { ...recipe, model: { ...recipe.model, dropPath: 0 } };
    const whole = await run({ ...calm, microBatches: 1 }, images, { until: 1 });
    const pieces = await run({ ...calm, microBatches: 4 }, images, { until: 1 });
    expect(Math.abs(whole.losses[0] - pieces.losses[0])).toBeLessThan(1e-5);
    expect(Math.abs(whole.report.gradientNorm - pieces.report.gradientNorm)).toBeLessThan(1e-4);
    release(whole.report);
    release(pieces.report);
  });

  it("free all that a step makes", async () => {
    const before = simd.memory().tensors;
    const { report } = await run(recipe, images, { until: 2 });
    release(report);
    expect(simd.memory().tensors).toBe(before);
  });
});

describe("several labels an image", () => {
  it("are learnt, and measured by average precision", async () => {
    const recipe = {
      ...tinyFineTune,
      ...multi,
      epochs: 60,
      learningRate: { ...tinyFineTune.learningRate, peak: 1e-2 },
    };
    // Labels that can be seen in the images.
    const seen: Dataset = { ...both, label: () => undefined, labels: (index) => [both.label(index) as number] };
    const { losses, report } = await run(recipe, seen);
    expect(losses[0]).toBeCloseTo(Math.log(2), 1);
    const scores = await evaluateMultiLabel(report.beit, seen, { view: recipe.evalView, batchSize: 7 });
    expect(scores.meanAveragePrecision).toBeGreaterThan(0.95);
    expect(scores.accuracy).toBeGreaterThan(0.9);
    expect(report.accuracy).toBeGreaterThan(0.8);
    release(report);
  });

  it("may be of a single class, a yes or no", async () => {
    const one: Dataset = {
      ...both,
      classes: ["top"],
      label: () => undefined,
      labels: (index) => (index % 2 ? [0] : []),
    };
    const { losses, report } = await run({ ...tinyFineTune, ...multi }, one, { until: 1 });
    expect(losses[0]).toBeCloseTo(Math.log(2), 1);
    expect(report.beit.config.classes).toBe(1);
    release(report);
  });

  it("are refused where the recipe knows one", async () => {
    await expect(run(tinyFineTune, several)).rejects.toThrow(
      "expected one label an image, got a dataset of several; learn them by a recipe of labels: multi (--set labels=multi)",
    );
  });
});

describe("classWeights", () => {
  const single = { labels: "single" } as const;

  it("are scikit-learn's balanced, or PyTorch's pos_weight of several labels", () => {
    expect(classWeights({ ...single, classWeights: "inverse-frequency" }, uneven)).toEqual([20 / 32, 20 / 8]);
    expect(classWeights({ ...multi, classWeights: "inverse-frequency" }, several)).toEqual([2, 2]);
    expect(classWeights({ ...single, classWeights: "equal" }, uneven)).toBeUndefined();
    expect(() => classWeights({ ...single, classWeights: [1, 2, 3] }, uneven)).toThrow(
      "expected classWeights: 2 numbers, one a class (left, top), got 3",
    );
  });

  // PyTorch 2.15: cross_entropy(x, [1, 0], weight=[0.5, 2], label_smoothing=0.1).
  it("weigh as PyTorch's cross_entropy does, smoothing included", async () => {
    const recipe = { ...single, classWeights: [0.5, 2], labelSmoothing: 0.1 };
    const loss = labelLoss(recipe, uneven, simd);
    const targets = loss.targets([{ labels: [1] }, { labels: [0] }]);
    const logits = tensor([2, -1, -3, 0.25], [2, 2], simd);
    const value = loss.loss(logits, targets);
    expect(value.loss.readSync()[0]).toBeCloseTo(2.9436617761999715, 5);
    expect([targets.mass, targets.expected]).toEqual([2.5, [1, 0]]);
    disposeTree([value, logits, targets.targets]);
  });
});
