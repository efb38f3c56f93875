import { initBeit, type Beit } from "@beitjs/beit-encoder";
import { initTokenizer } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { describe, expect, it } from "vitest";
import { memoryDataset, type Dataset } from "../data/index.ts";
import {
  demoFineTune,
  demoGaussian,
  demoPretrain,
  demoTokenizer,
  fineTuneBase,
  pretrainSmall,
} from "../recipes/index.ts";
import type { FineTuneRecipe, PretrainRecipe } from "../recipes/recipe.ts";
import { fineTune } from "../stages/fine-tune.ts";
import { pretrain } from "../stages/pretrain.ts";
import { trainGaussianVae } from "../stages/train-gaussian.ts";
import { trainTokenizer } from "../stages/train-tokenizer.ts";
import { estimateMemory, fits, smallerRuns } from "./memory.ts";

function images(length: number, channels = 1): Dataset {
  const labels = Uint8Array.from({ length }, (_, i) => i % 2);
  const data = new Uint8Array(length * 28 * 28 * channels);
  return memoryDataset({ width: 28, height: 28, channels, data, labels, classes: ["a", "b"], name: String });
}

const validation = { images: images(100), every: { steps: 1 } };
const ema = { decay: 0.9, warmup: true };
const warmup = { steps: 0 };
const shortPretrain: PretrainRecipe = { ...demoPretrain, learningRate: { ...demoPretrain.learningRate, warmup } };
const shortFineTune: FineTuneRecipe = { ...demoFineTune, learningRate: { ...demoFineTune.learningRate, warmup } };
const tokenizer = (backend: Backend) => initTokenizer(demoTokenizer.model, createRng(1), backend);
const over = { steps: 1 };
const dvae = {
  ...demoTokenizer,
  temperature: { ...demoTokenizer.temperature, over },
  klWeight: { ...demoTokenizer.klWeight, over },
};

type More = { readonly recompute?: boolean; readonly evaluates?: boolean; readonly from?: Beit };
type Run = { readonly steps: AsyncIterable<unknown>; readonly estimate: ReturnType<typeof estimateMemory> };
const ofPretrain = (recipe: PretrainRecipe, backend: Backend, options: More = {}): Run => {
  const given = { backend, tokenizer: tokenizer(backend), ...options };
  const estimate = estimateMemory(recipe, given);
  return { estimate, steps: pretrain({ recipe, images: images(recipe.batchSize * 3), ...given }) };
};
const ofFineTune = (recipe: FineTuneRecipe, backend: Backend, more: More = {}): Run => {
  const { evaluates } = more;
  const data = images(recipe.batchSize * 3, recipe.view.channels);
  const estimate = estimateMemory(recipe, { backend, classes: 2, ...more });
  return { estimate, steps: fineTune({ recipe, images: data, backend, ...more, ...(evaluates && { validation }) }) };
};

describe.each([1, 2])("a run on simd with threads: %i", (threads) => {
  it.each<[string, (backend: Backend) => Run]>([
    [
      "a tokenizer",
      (backend) => ({
        estimate: estimateMemory(dvae, { backend }),
        steps: trainTokenizer({ recipe: dvae, images: images(48), backend }),
      }),
    ],
    [
      "a Gaussian VAE",
      (backend) => {
        const recipe = { ...demoGaussian, klWeight: { ...demoGaussian.klWeight, over } };
        const estimate = estimateMemory(recipe, { backend });
        return { estimate, steps: trainGaussianVae({ recipe, images: images(48), backend }) };
      },
    ],
    ["pre-training", (backend) => ofPretrain(shortPretrain, backend)],
    [
      "pre-training in pieces, with an average",
      (backend) => ofPretrain({ ...shortPretrain, microBatches: 4, ema }, backend),
    ],
    ["pre-training that recomputes", (backend) => ofPretrain(shortPretrain, backend, { recompute: true })],
    [
      "fine-tuning from an encoder",
      (backend) => {
        return ofFineTune(shortFineTune, backend, { from: initBeit(demoPretrain.model, createRng(1), backend) });
      },
    ],
    [
      "fine-tuning that is validated",
      (backend) => ofFineTune({ ...shortFineTune, batchSize: 4 }, backend, { evaluates: true }),
    ],
    [
      "fine-tuning of two wide blocks",
      (backend) => {
        const model = { ...fineTuneBase.model, depth: 2, width: 384, heads: 6 };
        const recipe = {
          ...fineTuneBase,
          model,
          batchSize: 2,
          microBatches: 2,
          learningRate: shortFineTune.learningRate,
        };
        return ofFineTune(recipe, backend);
      },
    ],
  ])("takes the memory that was told before, as it does: %s", async (_, run) => {
    const backend = await createSimdBackend({ threads });
    const { estimate, steps } = run(backend);
    const expected = await estimate;
    let count = 0;
    for await (const _report of steps) if (++count === 3) break;
    const { peak } = backend.memory();
    backend.dispose();
    expect(expected?.peak).toBeGreaterThan(0.98 * peak);
    expect(expected?.peak).toBeLessThan(1.02 * peak);
    expect(expected?.reserved).toBeGreaterThanOrEqual(expected?.peak as number);
  });
});

describe("what does not fit", () => {
  it("is helped by recomputing, or by the fewest micro-batches that do", async () => {
    const backend = await createSimdBackend({ threads: 1 });
    const bytes = async (recipe: PretrainRecipe, recompute = false) =>
      (await estimateMemory(recipe, { backend, recompute }))?.reserved as number;
    const whole = await bytes(pretrainSmall);
    const halves = await bytes({ ...pretrainSmall, microBatches: 2 });
    const quarters = await bytes({ ...pretrainSmall, microBatches: 4 });
    expect(quarters).toBeLessThan(halves);
    expect(halves).toBeLessThan(whole);
    const told = async (limit: number) =>
      (await smallerRuns(pretrainSmall, { backend }, { bytes: limit })).map(({ microBatches, recompute }) => [
        microBatches,
        recompute,
      ]);
    expect(await told(halves)).toEqual([
      [2, false],
      [1, true],
    ]);
    expect(await told(quarters)).toEqual([
      [4, false],
      [2, true],
    ]);
    expect(await told(1e6)).toEqual([]);
    backend.dispose();
  });

  it("may be a single tensor", () => {
    const usage = { peak: 100, reserved: 120, largest: 40 };
    expect([fits(usage, {}), fits(usage, { bytes: 119 }), fits(usage, { tensorBytes: 39 })]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

it("is not told where memory is another library's, or none counts it", async () => {
  expect(await estimateMemory(demoPretrain, { backend: createReferenceBackend() })).toBeUndefined();
});

it("takes a model of base size, which is never made, in moments", async () => {
  const backend = await createSimdBackend({ threads: 1, maximumBytes: 2 ** 24 });
  const usage = await estimateMemory({ ...fineTuneBase, batchSize: 256, microBatches: 2 }, { backend, classes: 1000 });
  // Parameters, gradients of two pieces and two moments are 5 x 86.5 M numbers.
  expect(usage?.peak).toBeGreaterThan(5 * 86.5e6 * 4);
  expect(backend.memory().peak).toBeLessThan(2 ** 20);
  backend.dispose();
});
