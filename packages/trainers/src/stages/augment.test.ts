// Fine-tuning with all the augmentation of the paper at once: a resumed run is the run, pieces change nothing, and mixed labels cost what
// either costs, in their shares.
import { disposeTree, leaves, tensor, type Tensor } from "@beitjs/tensor-core";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { afterAll, describe, expect, it } from "vitest";
import { decodeCheckpoint, encodeCheckpoint, type DecodedCheckpoint } from "../checkpoint.ts";
import { subset, type Dataset } from "../data/index.ts";
import { fineTuneBase } from "../recipes/fine-tune-base.ts";
import type { FineTuneRecipe } from "../recipes/recipe.ts";
import { tinyFineTune, tinyImages } from "../testing.ts";
import { fineTune, type FineTuneReport } from "./fine-tune.ts";
import { labelLoss, type Labels } from "./label-loss.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());
const images = tinyImages(24);

const augmented: FineTuneRecipe = {
  ...tinyFineTune,
  epochs: 4,
  view: {
    ...tinyFineTune.view,
    flip: 0.5,
    randAugment: fineTuneBase.view.randAugment!,
    erase: { ...fineTuneBase.view.erase!, probability: 0.5 },
  },
  mix: fineTuneBase.mix!,
  repeatedAugmentation: 3,
};

type Run = { readonly losses: number[]; readonly accuracies: number[]; readonly report: FineTuneReport };

async function run(
  recipe: FineTuneRecipe,
  { until = Infinity, resume, data = images }: { until?: number; resume?: DecodedCheckpoint; data?: Dataset } = {},
): Promise<Run> {
  const [losses, accuracies]: [number[], number[]] = [[], []];
  for await (const report of fineTune({ recipe, images: data, backend: simd, ...(resume && { resume }) })) {
    losses.push(report.loss);
    accuracies.push(report.accuracy);
    if (report.step >= until || report.ends) return { losses, accuracies, report };
  }
  throw new Error("no report");
}
const release = ({ report: { state } }: Run): void => disposeTree([state.params, state.optimizer]);
const bits = ({ report: { state } }: Run) =>
  leaves<Tensor>([state.params, state.optimizer.firstMoments, state.optimizer.secondMoments]).map(([path, leaf]) => [
    path,
    leaf.readSync(),
  ]);

it.each([2, 3, 7])("a run resumed at step %i of 12 ends with the bits of one never stopped", async (until) => {
  const whole = await run(augmented);
  const stopped = await run(augmented, { until });
  const { state, step } = stopped.report;
  const info = { stage: "fine-tune", model: {}, recipe: augmented, step, position: { epoch: 0, batch: 0 } } as const;
  const resume = await decodeCheckpoint(await encodeCheckpoint(state, info));
  const resumed = await run(augmented, { resume });
  expect([...stopped.losses, ...resumed.losses]).toEqual(whole.losses);
  expect([...stopped.accuracies, ...resumed.accuracies]).toEqual(whole.accuracies);
  expect(bits(resumed)).toEqual(bits(whole));
  [whole, stopped, resumed].forEach(release);
});

it("pieces of a batch are mixed as the whole, and every part of the augmentation has its say", async () => {
  const still = { ...augmented, model: { ...augmented.model, dropPath: 0 } };
  const first = async (recipe: FineTuneRecipe): Promise<number> => {
    const one = await run(recipe, { until: 1 });
    release(one);
    return one.losses[0];
  };
  const whole = await first(still);
  for (const microBatches of [2, 4, 8]) expect(await first({ ...still, microBatches })).toBeCloseTo(whole, 5);
  const { mix: _, ...unmixed } = still;
  const { randAugment: __, ...plain } = still.view;
  const { erase: ___, ...kept } = still.view;
  const others = [unmixed, { ...still, view: plain }, { ...still, view: kept }, { ...still, repeatedAugmentation: 1 }];
  for (const other of others) expect(await first(other)).not.toBe(whole);
});

it("a probability of 0 turns each off, to the same bits", async () => {
  const { mix: _, ...unmixed } = augmented;
  const { randAugment, erase, ...plain } = augmented.view;
  const off = {
    ...unmixed,
    view: {
      ...plain,
      randAugment: { ...randAugment!, operations: 1, probability: 0 },
      erase: { ...erase!, probability: 0 },
    },
  };
  const [without, zero] = [await run({ ...unmixed, view: plain }, { until: 4 }), await run(off, { until: 4 })];
  expect(zero.losses).toEqual(without.losses);
  const [one, never] = [without, await run({ ...off, mix: { ...augmented.mix!, probability: 0 } }, { until: 4 })];
  // Labels are soft then, though none is mixed: the same loss, in another op.
  never.losses.forEach((loss, i) => expect(loss).toBeCloseTo(one.losses[i], 5));
  [without, zero, never].forEach(release);
});

describe("mixed labels", () => {
  const backend = createReferenceBackend();
  const logits = [1.2, -0.4, 0.3, 0.9, -2, 1.1];
  const several: Dataset = {
    ...images,
    label: () => undefined,
    labels: (index) => (index % 3 === 0 ? [] : index % 3 === 1 ? [0, 1] : [1]),
  };
  const costOf = async (recipe: FineTuneRecipe, data: Dataset, of: readonly Labels[]) => {
    const loss = labelLoss(recipe, data, backend);
    const targets = loss.targets(of);
    const flat = logits.slice(0, 2 * of.length);
    const { loss: value } = loss.loss(tensor(flat, [of.length, 2], backend), targets);
    return { value: (await value.read())[0], ...targets };
  };

  it.each([
    ["one label", {}, images],
    ["weighted classes", { classWeights: [1, 5] }, subset(images, [0, 2, 4, 1])],
    ["several labels", { labels: "multi" }, several],
    ["several labels, weighted", { labels: "multi", classWeights: [3, 0.25] }, several],
  ] as const)("%s: the loss of either, in their shares", async (_, change, data) => {
    const recipe: FineTuneRecipe = { ...augmented, ...change, labelSmoothing: 0.1 };
    const [first, second] = [[0], [1]];
    for (const share of [0, 0.3, 0.5, 0.8, 1]) {
      const mixed = await costOf(recipe, data, [{ labels: first, mixed: { labels: second, share } }]);
      const [own, other] = [
        await costOf(recipe, data, [{ labels: first }]),
        await costOf(recipe, data, [{ labels: second }]),
      ];
      const mass = share * own.mass + (1 - share) * other.mass;
      expect(mixed.mass).toBeCloseTo(mass, 10);
      const expected = (share * own.mass * own.value + (1 - share) * other.mass * other.value) / mass;
      expect(mixed.value).toBeCloseTo(expected, 6);
      expect(mixed.expected).toEqual(share < 0.5 ? other.expected : own.expected);
    }
  });

  it("a batch's loss does not depend on its pieces, weighted or not", async () => {
    for (const classWeights of ["equal", [1, 5]] as const) {
      const recipe: FineTuneRecipe = { ...augmented, classWeights };
      const of: Labels[] = [
        { labels: [0], mixed: { labels: [1], share: 0.7 } },
        { labels: [1], mixed: { labels: [0], share: 0.7 } },
      ];
      const whole = await costOf(recipe, images, of);
      const loss = labelLoss(recipe, images, backend);
      let sum = 0;
      for (const [i, one] of of.entries()) {
        const targets = loss.targets([one]);
        const { loss: value } = loss.loss(tensor(logits.slice(2 * i, 2 * i + 2), [1, 2], backend), targets);
        sum += (targets.mass / whole.mass) * (await value.read())[0];
      }
      expect(sum).toBeCloseTo(whole.value, 6);
    }
  });
});
