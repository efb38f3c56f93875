// Validation in every stage: it comes when it is due, changes no weight, measures weights and average as the evaluations do, and what
// it decides is decided again by a run that was stopped.
import { afterAll, describe, expect, it } from "vitest";
import { disposeTree, leaves, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { initTokenizer } from "@beitjs/dvae-tokenizer";
import { decodeCheckpoint, encodeCheckpoint, type DecodedCheckpoint } from "./checkpoint.ts";
import { subset } from "./data/index.ts";
import { evaluateClassifier } from "./evaluate/classifier.ts";
import { fineTune, fineTuneMetrics } from "./stages/fine-tune.ts";
import type { Recipe } from "./recipes/recipe.ts";
import { checkpointInfo, type RunOptions, type StepReport } from "./run.ts";
import { pretrain } from "./stages/pretrain.ts";
import { trainGaussianVae } from "./stages/train-gaussian.ts";
import { trainTokenizer } from "./stages/train-tokenizer.ts";
import { tinyFineTune, tinyGaussian, tinyImages, tinyPretrain, tinyTokenizer } from "./testing.ts";
import type { TrainingState } from "./update.ts";
import { createValidator, metricsOf, type Metrics, type ValidationOptions } from "./validation.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());
const all = tinyImages(32);
const images = subset(
  all,
  Array.from({ length: 24 }, (_, i) => i),
);
const heldOut = subset(
  all,
  Array.from({ length: 8 }, (_, i) => 24 + i),
);
const tokenizer = initTokenizer(tinyTokenizer.model, createRng(1), simd);
const ema = { decay: 0.9, warmup: true };

type Given = Partial<Pick<RunOptions, "resume" | "validation" | "signal">>;
type Loop = (given: Given) => AsyncGenerator<StepReport<unknown>, void, void>;
const base = { images, backend: simd };
// Six steps, three an epoch.
const loops: readonly (readonly [string, Recipe, string, Loop])[] = [
  [
    "trainTokenizer",
    tinyTokenizer,
    "meanAbsoluteError",
    (given) => trainTokenizer({ ...base, ...given, recipe: { ...tinyTokenizer, ema } }),
  ],
  [
    "trainGaussianVae",
    tinyGaussian,
    "meanAbsoluteError",
    (given) => trainGaussianVae({ ...base, ...given, recipe: { ...tinyGaussian, ema } }),
  ],
  [
    "pretrain",
    tinyPretrain,
    "loss",
    (given) => pretrain({ ...base, ...given, tokenizer, recipe: { ...tinyPretrain, ema } }),
  ],
  ["fineTune", tinyFineTune, "accuracy", (given) => fineTune({ ...base, ...given, recipe: { ...tinyFineTune, ema } })],
];

/** Copies of what the reports tell that later steps change. */
type Told = Pick<StepReport<unknown>, "step" | "loss" | "validation"> & {
  readonly known: TrainingState<unknown>["validation"];
};
async function follow(loop: AsyncGenerator<StepReport<unknown>, void, void>, until = Infinity) {
  const told: Told[] = [];
  let last: StepReport<unknown> | undefined;
  for await (const report of loop) {
    const { step, loss, validation, state } = report;
    told.push({ step, loss, ...(validation && { validation }), known: state.validation });
    last = report;
    if (step === until) break;
  }
  return { told, last };
}

const release = (report: StepReport<unknown> | undefined): void =>
  disposeTree(report?.state.trees.map(({ tree }) => tree));
const bits = (report: StepReport<unknown> | undefined) =>
  report?.state.trees.map(({ name, tree }) => [
    name,
    leaves<Tensor>(tree).map(([path, leaf]) => [path, leaf.readSync()]),
  ]);

async function checkpointOf(report: StepReport<unknown> | undefined, recipe: Recipe): Promise<DecodedCheckpoint> {
  if (!report) throw new Error("no report");
  const files = await encodeCheckpoint(report.state, checkpointInfo(report, { recipe, model: {} }));
  return decodeCheckpoint(files);
}

describe.each(loops)("%s", (_, plain, metric, loop) => {
  const recipe = { ...plain, ema };
  const validation: ValidationOptions = { images: heldOut, every: { steps: 2 } };

  it("is evaluated every epoch, or as often as asked for, and at the end; no weight is another for it", async () => {
    const without = await follow(loop({}));
    const before = simd.memory().tensors;
    const epochs = await follow(loop({ validation: { images: heldOut } }));
    expect(epochs.told.filter((one) => one.validation).map(({ step }) => step)).toEqual([3, 6]);
    expect(bits(epochs.last)).toEqual(bits(without.last));
    release(epochs.last);
    expect(simd.memory().tensors).toBe(before);
    const fours = await follow(loop({ validation: { images: heldOut, every: { steps: 4 } } }));
    expect(fours.told.filter((one) => one.validation).map(({ step }) => step)).toEqual([4, 6]);
    const halves = await follow(loop({ validation: { images: heldOut, every: { epochs: 2 / 3 } } }));
    expect(halves.told.filter((one) => one.validation).map(({ step }) => step)).toEqual([2, 4, 6]);
    for (const { last } of [without, fours, halves]) release(last);
  });

  it("measures weights and average, and goes on bit for bit, best and average included", async () => {
    const whole = await follow(loop({ validation }));
    const [first] = whole.told.flatMap((one) => one.validation ?? []);
    expect(first.best).toBe(true);
    expect(first.emaScores).not.toEqual(first.scores);
    expect(whole.last?.state.validation?.metric).toBe(metric);
    for (const at of [1, 3, 4]) {
      const stopped = await follow(loop({ validation }), at);
      const resume = await checkpointOf(stopped.last, recipe);
      expect([...resume.trees.keys()]).toEqual(["model", "optimizer", "ema"]);
      const resumed = await follow(loop({ validation, resume }));
      expect([...stopped.told, ...resumed.told]).toEqual(whole.told);
      expect(bits(resumed.last)).toEqual(bits(whole.last));
      expect(resumed.last?.state.validation).toEqual(whole.last?.state.validation);
      release(stopped.last);
      release(resumed.last);
    }
    release(whole.last);
  });

  it("tells a step whose evaluation failed, to be saved, and begins with that evaluation when it goes on", async () => {
    const whole = await follow(loop({ validation }));
    let reads = 0;
    // Four evaluations of 8 images (average included) until step 4, whose own fails in its midst.
    const get = async (index: number) => {
      if (++reads > 20) throw new Error("a torn image");
      return heldOut.get(index);
    };
    const told: Told[] = [];
    let resume: DecodedCheckpoint | undefined;
    const failing = async () => {
      for await (const report of loop({ validation: { ...validation, images: { ...heldOut, get } } })) {
        const { step, loss, validation: known, state, unevaluated } = report;
        if (unevaluated) resume = await checkpointOf(report, recipe);
        else told.push({ step, loss, ...(known && { validation: known }), known: state.validation });
      }
    };
    await expect(failing()).rejects.toThrow("a torn image");
    expect(told.map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(resume?.manifest).toMatchObject({ step: 4, unevaluated: { loss: whole.told[3].loss } });
    const resumed = await follow(loop({ validation, ...(resume && { resume }) }));
    expect([...told, ...resumed.told]).toEqual(whole.told);
    expect(bits(resumed.last)).toEqual(bits(whole.last));
    expect(resumed.last?.state).not.toHaveProperty("unevaluated");
    for (const { last } of [whole, resumed]) release(last);
  });

  it("refuses a metric of another stage, and another one than the checkpoint's", async () => {
    const before = simd.memory().tensors;
    await expect(follow(loop({ validation: { ...validation, metric: "speed" } }))).rejects.toThrow(
      /\[validation\] expected metric to be .*, got speed/,
    );
    const { last } = await follow(loop({ validation }), 2);
    const { validation: known, ...manifest } = (await checkpointOf(last, recipe)).manifest;
    const resume = await checkpointOf(last, recipe);
    const other = { ...resume, manifest: { ...manifest, validation: { ...known, metric: "speed", sinceBest: 0 } } };
    await expect(follow(loop({ validation, resume: other }))).rejects.toThrow(
      `[resume] expected the metric of the checkpoint, as the best so far is by speed, got ${metric}`,
    );
    release(last);
    expect(simd.memory().tensors).toBe(before);
  });

  it("stops in the midst of an evaluation when the signal says so, and leaves nothing", async () => {
    const before = simd.memory().tensors;
    const abort = new AbortController();
    const reason = new Error("enough");
    const stopping = {
      ...heldOut,
      get: (index: number) => {
        abort.abort(reason);
        return heldOut.get(index);
      },
    };
    const stopped = loop({ validation: { images: stopping, every: { steps: 1 } }, signal: abort.signal });
    const told: StepReport<unknown>[] = [];
    const all = async () => {
      for await (const report of stopped) told.push(report);
    };
    await expect(all()).rejects.toBe(reason);
    expect(told).toMatchObject([{ step: 1, unevaluated: true }]);
    release(told[0]);
    expect(simd.memory().tensors).toBe(before);
  });
});

it("scores what the evaluation of the same weights scores", async () => {
  const recipe = { ...tinyFineTune, ema };
  for await (const { validation, beit, state } of fineTune({ ...base, recipe, validation: { images: heldOut } })) {
    if (!validation || !state.ema) continue;
    const options = { view: recipe.evalView };
    const average = { config: beit.config, params: state.ema };
    // Batches of other sizes sum the loss in another order.
    expect(validation.scores).toEqual(await evaluateClassifier(beit, heldOut, { ...options, batchSize: 8 }));
    expect(validation.emaScores).toEqual(await evaluateClassifier(average, heldOut, { ...options, batchSize: 8 }));
    expect(metricsOf(fineTuneMetrics("single"), validation.scores)).toEqual(validation.values);
    expect(validation.values).toEqual({
      accuracy: validation.scores.accuracy,
      loss: validation.scores.loss,
    });
    if (state.step === 6) disposeTree(state.trees.map(({ tree }) => tree));
  }
});

describe("a validator", () => {
  type Scores = { readonly loss: number };
  const metrics: Metrics<Scores> = {
    loss: { better: "lower", of: ({ loss }) => loss },
    gain: { better: "higher", of: ({ loss }) => -loss },
  };
  const run = { totalSteps: 100, stepsPerEpoch: 10, batchSize: 1 };

  /** What is told of a run whose loss is a list's. */
  async function judged(losses: readonly number[], options: Partial<ValidationOptions>) {
    const state = { step: 0, params: {} } as TrainingState<object>;
    const scores = async () => ({ loss: losses[state.step - 1] });
    const validator = createValidator({ scores, metrics }, { images, every: { steps: 1 }, ...options }, run);
    const told: string[] = [];
    while (state.step < losses.length && !validator.ended(state)) {
      state.step++;
      const result = await validator.evaluate(state);
      told.push(`${result?.best ? "best" : "-"}${result?.ends ? " ends" : ""}`);
    }
    return { told, known: state.validation };
  }

  it("knows the best, by either direction; equal and not finite is no better", async () => {
    for (const metric of ["loss", "gain"]) {
      const { told, known } = await judged([3, NaN, 2, 2, 4, 1], { metric });
      expect(told).toEqual(["best", "-", "best", "-", "-", "best"]);
      expect(known).toMatchObject({ metric, sinceBest: 0, best: { step: 6, values: { loss: 1, gain: -1 } } });
    }
    expect((await judged([NaN, NaN], {})).known).toEqual({ metric: "loss", sinceBest: 2 });
  });

  it("decides nothing by images that are only looked at", async () => {
    const { told, known } = await judged([3, 2, 4], { decides: false, patience: 1 });
    expect(told).toEqual(["-", "-", "-"]);
    expect(known).toBeUndefined();
  });

  it("ends a run that gets no better, in time", async () => {
    const { told, known } = await judged([3, 2, 2, 1, 2, 2, 0], { patience: 2 });
    expect(told).toEqual(["best", "best", "-", "best", "-", "- ends"]);
    expect(known?.best?.step).toBe(4);
  });

  it("refuses intervals and patience that are none", () => {
    const make = (options: Partial<ValidationOptions>) => () =>
      createValidator({ scores: async () => ({ loss: 0 }), metrics }, { images, ...options }, run);
    expect(make({ every: { steps: 0 } })).toThrow('[validation] expected every to be at least a step, got {"steps":0}');
    expect(make({ every: { epochs: 0 } })).toThrow("expected every to be at least a step");
    expect(make({ patience: 0 })).toThrow("[validation] expected patience of at least 1 evaluation, got 0");
  });
});

it("a run that is out of patience ends, stays ended when it is resumed, and goes on with more patience", async () => {
  const recipe = { ...tinyPretrain, learningRate: { peak: 0, minimum: 0, warmup: { steps: 0 } } }; // nothing gets better
  const loop = (patience: number, resume?: DecodedCheckpoint) =>
    pretrain({
      ...base,
      recipe,
      tokenizer,
      validation: { images: heldOut, every: { steps: 1 }, patience },
      ...(resume && { resume }),
    });
  const ended = await follow(loop(2));
  expect(ended.told.map(({ step }) => step)).toEqual([1, 2, 3]);
  expect(ended.told.at(-1)?.validation?.ends).toBe(true);
  const resume = await checkpointOf(ended.last, recipe);
  expect((await follow(loop(2, resume))).told).toEqual([]);
  const further = await follow(loop(4, resume));
  expect(further.told.map(({ step }) => step)).toEqual([4, 5]);
  const whole = await follow(loop(4));
  expect(bits(whole.last)).toEqual(bits(further.last));
  for (const { last } of [ended, further, whole]) release(last);
});
