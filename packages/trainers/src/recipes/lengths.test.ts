// Lengths of recipes in updates, what is too long for a run, and that ours fit data of any size.
import { describe, expect, it } from "vitest";
import { learningRateAt, peakFor, weightDecayAt } from "../optimizer/recipe-schedule.ts";
import { recipeDifference } from "../run.ts";
import { tinyFineTune, tinyPretrain, tinyTokenizer } from "../testing.ts";
import { fineTuneBase, recipes, tokenizerSmall } from "./index.ts";
import { inSteps, runLength, stepsIn, tooLong } from "./lengths.ts";
import type { Recipe } from "./recipe.ts";
import { upgradeFields, upgradeRecipe } from "./upgrade.ts";

const run = { stepsPerEpoch: 9, totalSteps: 180 };
const images = (length: number) => ({ length });

describe("a length in updates", () => {
  it.each([
    [{ steps: 7 }, 7],
    [{ epochs: 2 }, 18],
    [{ epochs: 0.5 }, 5],
    [{ share: 0.1 }, 18],
    [{ share: 1 }, 180],
    [{ share: 0.001 }, 1],
    [{ epochs: 0 }, 0],
    [{ share: 0 }, 0],
  ])("%j is %d", (length, steps) => expect(stepsIn(length, run)).toBe(steps));

  it("is the paper's on the paper's data", () => {
    const [imageNet, base] = [images(1_281_167), recipes["pretrain-base"]];
    expect(inSteps(base, runLength(base, imageNet)).learningRate.warmup).toEqual({ steps: 10 * 625 });
    const fineTune = inSteps(fineTuneBase, runLength(fineTuneBase, imageNet));
    expect(fineTune.learningRate.warmup).toEqual({ steps: 20 * 1251 });
  });

  it("is what the small tokenizer was trained with on its 12,000 pictures", () => {
    expect(inSteps(tokenizerSmall, runLength(tokenizerSmall, images(12_000)))).toMatchObject({
      learningRate: { warmup: { steps: 100 } },
      temperature: { over: { steps: 3000 } },
      klWeight: { over: { steps: 2000 } },
    });
  });
});

describe("what is longer than the run", () => {
  const warmup = (length: object): Recipe =>
    ({ ...tinyPretrain, learningRate: { ...tinyPretrain.learningRate, warmup: length } }) as Recipe;
  it.each([
    [{ epochs: 20 }, "shorter than the run of 180 steps, got 20 epochs = 180 steps"],
    [{ steps: 25_020 }, "shorter than the run of 180 steps, got 25020 steps"],
    [{ share: 1 }, "shorter than the run of 180 steps, got a share of 1 = 180 steps"],
  ])("a warm-up of %j is refused with the numbers and a way out", (length, words) => {
    expect(tooLong(warmup(length), run)).toBe(
      `expected a warm-up ${words}; raise epochs, or give learningRate.warmup as a share of the run, such as { share: 0.1 }`,
    );
  });

  it("an annealing may take the whole run, and no more", () => {
    const over = (length: object) =>
      ({ ...tinyTokenizer, temperature: { ...tinyTokenizer.temperature, over: length } }) as Recipe;
    expect(tooLong(over({ share: 1 }), run)).toBeUndefined();
    expect(tooLong(over({ steps: 180 }), run)).toBeUndefined();
    expect(tooLong(over({ epochs: 21 }), run)).toBe(
      "expected an annealing of the temperature no longer than the run of 180 steps, got 21 epochs = 189 steps; " +
        "raise epochs, or give temperature.over as a share of the run, such as { share: 0.5 }",
    );
  });

  it("a run of one step has no warm-up to speak of", () => {
    expect(tooLong(warmup({ share: 0.1 }), { stepsPerEpoch: 1, totalSteps: 1 })).toBeUndefined();
  });

  it.each(Object.entries(recipes))("%s fits data of any size that fills a batch", (_, recipe) => {
    for (const length of [recipe.batchSize, 1_200, 50_000, 1_281_167].filter((size) => size >= recipe.batchSize)) {
      expect(tooLong(recipe, runLength(recipe, images(length)))).toBeUndefined();
    }
  });
});

it("fine-tune-base leaves its warm-up on 1,200 images, tokenizer-small reaches its last temperature on any", () => {
  const few = runLength(fineTuneBase, images(1_200));
  const rates = Array.from({ length: few.totalSteps }, (_, step) => learningRateAt(fineTuneBase, few)(step));
  expect(Math.max(...rates)).toBe(4e-3);
  expect(rates.indexOf(4e-3)).toBe(19);
  expect(rates.at(-1)).toBeLessThan(1e-5);
  for (const length of [8, 100, 1_200, 1_000_000]) {
    const { totalSteps } = runLength(tokenizerSmall, images(length));
    const resolved = inSteps(tokenizerSmall, runLength(tokenizerSmall, images(length)));
    expect(stepsIn(resolved.temperature.over, run)).toBeLessThan(totalSteps);
  }
});

describe("rates", () => {
  it("are scaled by the batch where the recipe says so", () => {
    const { batchScaling: _, ...plain } = { batchScaling: undefined, ...tinyFineTune.learningRate };
    expect(peakFor(1024, plain)).toBe(plain.peak);
    const scaled = (rule: "linear" | "sqrt") => peakFor(1024, { ...plain, batchScaling: { rule, baseSize: 256 } });
    expect(scaled("linear")).toBe(4 * plain.peak);
    expect(scaled("sqrt")).toBe(2 * plain.peak);
    const recipe = {
      batchSize: 64,
      learningRate: { ...plain, peak: 1e-3, batchScaling: { rule: "sqrt", baseSize: 256 } },
    } as const;
    const at = learningRateAt(recipe, run);
    expect(at(1)).toBe(5e-4);
    expect(at(180)).toBeCloseTo(plain.minimum, 15);
  });

  it("of weight decay go by unilm's cosine, without warm-up, or stay", () => {
    const { adamW } = tinyFineTune;
    expect([0, 50, 179].map(weightDecayAt({ adamW }, run))).toEqual([0.05, 0.05, 0.05]);
    const at = weightDecayAt({ adamW: { ...adamW, weightDecay: 0.04, weightDecayEnd: 0.4 } }, run);
    // utils.cosine_scheduler(0.04, 0.4, 20, 9), rounded
    expect([0, 45, 90, 135, 179].map((step) => Number(at(step).toFixed(8)))).toEqual([
      0.04, 0.09272078, 0.22, 0.34727922, 0.39997259,
    ]);
  });
});

describe("recipes of old", () => {
  it("had lengths in steps", () => {
    const { learningRate, temperature, klWeight } = tinyTokenizer;
    const old = {
      ...tinyTokenizer,
      learningRate: { peak: learningRate.peak, minimum: learningRate.minimum, warmupSteps: 2 },
      temperature: { start: temperature.start, end: temperature.end, steps: 6 },
      klWeight: { start: klWeight.start, end: klWeight.end, steps: 5 },
    };
    expect(upgradeRecipe(old)).toEqual(tinyTokenizer);
    expect(upgradeRecipe(tinyTokenizer)).toEqual(tinyTokenizer);
  });

  it("may be parts, and a bare number is a length in steps", () => {
    expect(upgradeFields({ learningRate: { warmup: 500 } })).toEqual({ learningRate: { warmup: { steps: 500 } } });
    expect(upgradeFields({ temperature: { end: 0.1 }, klWeight: 3, epochs: 2 })).toEqual({
      temperature: { end: 0.1 },
      klWeight: 3,
      epochs: 2,
    });
  });
});

it("two recipes are one run where their lengths come to the same", () => {
  const withWarmup = (warmup: object) =>
    ({ ...tinyPretrain, learningRate: { ...tinyPretrain.learningRate, warmup } }) as Recipe;
  const data = images(24); // six steps
  expect(recipeDifference(withWarmup({ share: 0.5 }), withWarmup({ steps: 3 }), data)).toBeUndefined();
  expect(recipeDifference(withWarmup({ epochs: 1 }), withWarmup({ steps: 2 }), data)).toBe(
    "learningRate.warmup.steps is 3 here and 2 there",
  );
  expect(recipeDifference({ ...tinyPretrain, seed: 4 }, withWarmup({ share: 1 / 3 }), data)).toBe(
    "seed is 4 here and 3 there",
  );
  expect(recipeDifference(tinyPretrain, tinyTokenizer, data)).toMatch(/^\w+ is /);
  expect(recipeDifference(tinyPretrain, { ...tinyPretrain, batchSize: 64 }, data)).toBe(
    "batchSize is 8 here and 64 there",
  );
});
