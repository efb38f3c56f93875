// The stages on tiny data: they learn, they are repeatable, and a resumed run is the run.
import { afterAll, describe, expect, it } from "vitest";
import { disposeTree, leaves, type Backend, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { initTokenizer } from "@beitjs/dvae-tokenizer";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { decodeCheckpoint, encodeCheckpoint, type DecodedCheckpoint } from "../checkpoint.ts";
import { evaluateClassifier } from "../evaluate/classifier.ts";
import { evaluatePretraining } from "../evaluate/pretraining.ts";
import { evaluateTokenizer } from "../evaluate/tokenizer.ts";
import { fineTune } from "./fine-tune.ts";
import { pretrain } from "./pretrain.ts";
import { RecipeError } from "../recipes/recipe-error.ts";
import type { Recipe } from "../recipes/recipe.ts";
import type { RunOptions, StepReport } from "../run.ts";
import { tinyEvalView, tinyFineTune, tinyGaussian, tinyImages, tinyPretrain, tinyTokenizer } from "../testing.ts";
import { trainGaussianVae } from "./train-gaussian.ts";
import { trainTokenizer, type TokenizerReport } from "./train-tokenizer.ts";
import { NonFiniteError } from "../update.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());
const images = tinyImages();
const tokenizer = initTokenizer(tinyTokenizer.model, createRng(1), simd);
const unitView = { ...tinyEvalView, normalization: "unit" as const };

type Loop = (options: {
  backend?: Backend;
  resume?: DecodedCheckpoint;
  change?: object;
}) => AsyncGenerator<StepReport<unknown>, void, void>;
const loops: readonly (readonly [string, Recipe, Loop])[] = [
  [
    "trainTokenizer",
    tinyTokenizer,
    ({ backend = simd, resume, change }) =>
      trainTokenizer({ recipe: { ...tinyTokenizer, ...change }, images, backend, ...(resume && { resume }) }),
  ],
  [
    "trainGaussianVae",
    tinyGaussian,
    ({ backend = simd, resume, change }) =>
      trainGaussianVae({ recipe: { ...tinyGaussian, ...change }, images, backend, ...(resume && { resume }) }),
  ],
  [
    "pretrain",
    tinyPretrain,
    ({ backend = simd, resume, change }) =>
      pretrain({ recipe: { ...tinyPretrain, ...change }, tokenizer, images, backend, ...(resume && { resume }) }),
  ],
  [
    "fineTune",
    tinyFineTune,
    ({ backend = simd, resume, change }) =>
      fineTune({ recipe: { ...tinyFineTune, ...change }, images, backend, ...(resume && { resume }) }),
  ],
];

async function run(
  loop: AsyncGenerator<StepReport<unknown>, void, void>,
  until = Infinity,
): Promise<{ losses: number[]; report: StepReport<unknown> }> {
  const losses: number[] = [];
  for await (const report of loop) {
    losses.push(report.loss);
    if (report.step >= until || report.step === report.totalSteps) return { losses, report };
  }
  throw new Error("the loop ended without a report");
}

const bits = (tree: unknown): Map<string, unknown> =>
  new Map(leaves<Tensor>(tree).map(([path, leaf]) => [path, leaf.readSync()]));
const release = ({ state }: StepReport<unknown>): void => disposeTree([state.params, state.optimizer]);

describe.each(loops)("%s", (name, recipe, loop) => {
  it("resumes to the very same weights, losses and moments", async () => {
    const whole = await run(loop({}));
    expect(whole.losses).toHaveLength(6);
    const stopped = await run(loop({}), 4);
    const { state, step } = stopped.report;
    const info = { stage: "pretrain", model: {}, recipe, step, position: { epoch: 1, batch: 1 } } as const;
    const checkpoint = await decodeCheckpoint(await encodeCheckpoint(state, info));
    const resumed = await run(loop({ resume: checkpoint }));
    expect([...stopped.losses, ...resumed.losses]).toEqual(whole.losses);
    expect(bits(resumed.report.state.params)).toEqual(bits(whole.report.state.params));
    expect(bits(resumed.report.state.optimizer.secondMoments)).toEqual(
      bits(whole.report.state.optimizer.secondMoments),
    );
    for (const { report } of [whole, stopped, resumed]) release(report);
  });

  // As recipes were stored before lengths had units, tokenizers mapped pixels by themselves and labels were of several kinds.
  const ofOld = (warmupSteps: number): object => ({
    ...Object.fromEntries(
      Object.entries(recipe).filter(([key]) => !/^(labels|classWeights|sampling|encoder|target|loss)$/.test(key)),
    ),
    ...("views" in recipe && { views: { ...recipe.views, tokenRange: "mapPixels" } }),
    learningRate: { peak: 3e-3, minimum: 1e-4, warmupSteps },
    ...("temperature" in recipe && { temperature: { start: 1, end: 0.5, steps: 6 } }),
    ...("klWeight" in recipe && { klWeight: { start: recipe.klWeight.start, end: recipe.klWeight.end, steps: 5 } }),
  });
  const checkpointOf = async ({ state }: StepReport<unknown>, stored: object) => {
    const info = { stage: recipe.stage, model: {}, recipe: stored, step: 3, position: { epoch: 1, batch: 0 } };
    return decodeCheckpoint(await encodeCheckpoint(state, info));
  };

  it("goes on from a checkpoint whose recipe has fields of old, to the same bits", async () => {
    const whole = await run(loop({}));
    const { report } = await run(loop({}), 3);
    const shares = { learningRate: { ...recipe.learningRate, warmup: { share: 1 / 3 } } };
    for (const change of [{}, shares]) {
      const resumed = await run(loop({ change, resume: await checkpointOf(report, ofOld(2)) }));
      expect(resumed.losses).toEqual(whole.losses.slice(3));
      expect(bits(resumed.report.state.params)).toEqual(bits(whole.report.state.params));
      release(resumed.report);
    }
    for (const one of [whole.report, report]) release(one);
  });

  it("refuses a warm-up longer than the run, but for one that was begun with it", async () => {
    const change = { learningRate: { ...recipe.learningRate, warmup: { epochs: 20 } } };
    const before = simd.memory().tensors;
    await expect(run(loop({ change }))).rejects.toThrow(
      `[${name}] expected a warm-up shorter than the run of 6 steps, got 20 epochs = 60 steps; raise epochs, or give ` +
        "learningRate.warmup as a share of the run, such as { share: 0.1 }",
    );
    expect(simd.memory().tensors).toBe(before);
    const { report } = await run(loop({}), 3);
    const resumed = await run(loop({ change, resume: await checkpointOf(report, ofOld(60)) }));
    expect(resumed.report.step).toBe(6);
    expect(resumed.report.learningRate).toBeCloseTo((3e-3 * 5) / 59, 12);
    for (const one of [report, resumed.report]) release(one);
  });

  it("lets the weight decay fall or rise, and tells it", async () => {
    const change = { adamW: { ...recipe.adamW, weightDecay: 0.04, weightDecayEnd: 0.4 } };
    const decays: (number | undefined)[] = [];
    let last: StepReport<unknown> | undefined;
    for await (const report of loop({ change })) {
      decays.push(report.weightDecay);
      last = report;
    }
    const cosine = Array.from({ length: 6 }, (_, i) => 0.4 - 0.18 * (1 + Math.cos((Math.PI * i) / 6)));
    decays.forEach((decay, i) => expect(decay).toBeCloseTo(cosine[i], 12));
    const constant = await run(loop({ change: { adamW: { ...recipe.adamW, weightDecay: 0.04 } } }));
    expect(constant.report).not.toHaveProperty("weightDecay");
    expect(bits(last?.state.params)).not.toEqual(bits(constant.report.state.params));
    release(last as StepReport<unknown>);
    release(constant.report);
  });

  it("adds micro-batches up to the batch's gradient", async () => {
    // Drop path and noise are drawn per micro-batch: without them the pieces must give what the whole gives.
    const calm = "mask" in recipe || "layerDecay" in recipe ? { model: { ...recipe.model, dropPath: 0 } } : {};
    const [whole, pieces] = [
      await run(loop({ change: { ...calm, microBatches: 1 } }), 1),
      await run(loop({ change: { ...calm, microBatches: 4 } }), 1),
    ];
    if (recipe.stage === "pretrain" || recipe.stage === "fine-tune") {
      expect(Math.abs(whole.losses[0] - pieces.losses[0])).toBeLessThan(1e-5);
      expect(Math.abs(whole.report.gradientNorm - pieces.report.gradientNorm)).toBeLessThan(1e-4);
    } else expect(Number.isFinite(pieces.losses[0])).toBe(true);
    release(whole.report);
    release(pieces.report);
  });

  it("frees all that a step makes", async () => {
    const before = simd.memory().tensors;
    const counts: number[] = [];
    let last: StepReport<unknown> | undefined;
    for await (const report of loop({})) {
      counts.push(simd.memory().tensors - before);
      last = report;
    }
    expect(new Set(counts).size).toBe(1);
    release(last as StepReport<unknown>);
    expect(simd.memory().tensors).toBe(before);
  });

  it("makes the next batch while the caller waits: not a bit is another, and who leaves early leaves nothing", async () => {
    const before = simd.memory().tensors;
    const hurried = await run(loop({}), 4);
    const losses: number[] = [];
    let last: StepReport<unknown> | undefined;
    for await (const report of loop({})) {
      losses.push(report.loss);
      last = report;
      const atOnce = simd.memory().tensors;
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(simd.memory().tensors).toBeGreaterThan(atOnce);
      if (report.step === 4) break;
    }
    expect(losses).toEqual(hurried.losses);
    expect(bits(last?.state.params)).toEqual(bits(hurried.report.state.params));
    release(last as StepReport<unknown>);
    release(hurried.report);
    expect(simd.memory().tensors).toBe(before);
  });

  it("refuses to go on with another recipe, naming the difference", async () => {
    const { report } = await run(loop({}), 1);
    const info = {
      stage: "pretrain",
      model: {},
      recipe: { ...recipe, epochs: 9 },
      step: 1,
      position: { epoch: 0, batch: 1 },
    } as const;
    const resume = await decodeCheckpoint(await encodeCheckpoint(report.state, info));
    await expect(run(loop({ resume }))).rejects.toThrow(
      "[resume] expected the recipe of the checkpoint, but epochs is 2 here and 9 there",
    );
    release(report);
  });

  it("stops at a loss that is not finite, before the weights are touched", async () => {
    const change = {
      learningRate: { peak: 1e30, minimum: 1e30, warmup: { steps: 0 } },
      adamW: { ...recipe.adamW, clipNorm: 0, weightDecay: 0 },
    };
    const failure = await run(loop({ change })).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NonFiniteError);
    expect((failure as NonFiniteError).step).toBeGreaterThan(0);
    expect((failure as NonFiniteError).message).toMatch(
      /^\[update\] expected a finite (loss|gradient norm) at step \d+, got none; not finite: /,
    );
  });

  it("needs a batch of images and whole micro-batches", async () => {
    await expect(run(loop({ change: { batchSize: 25 } }))).rejects.toThrow(
      "expected at least 25 images to fill a batch, got 24",
    );
    await expect(run(loop({ change: { microBatches: 3 } }))).rejects.toThrow(
      `[${name}] expected recipe.microBatches to be a divisor of batchSize 8, got 3`,
    );
  });

  it("refuses a recipe with a field that is unknown, missing or wrong", async () => {
    const views = "views" in recipe ? { views: { ...recipe.views, minScale: 0.3 } } : { view: 3 };
    const failure = await run(loop({ change: { seed: undefined, ...views } })).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RecipeError);
    expect((failure as RecipeError).message.startsWith(`[${name}] expected recipe.seed to be an integer of 0`)).toBe(
      true,
    );
    const second = "views" in recipe ? ["views", "minScale"] : ["view"];
    expect((failure as RecipeError).issues.map(({ path }) => path)).toEqual([["seed"], second]);
  });
});

describe("codebook use", () => {
  const recipe = { ...tinyTokenizer, epochs: 4 };
  const checkpointOf = async ({ state, step }: TokenizerReport) => {
    const position = { epoch: Math.floor(step / 3), batch: step % 3 };
    const info = { stage: "tokenizer", model: {}, recipe, step, position } as const;
    return decodeCheckpoint(await encodeCheckpoint(state, info));
  };
  const perplexities = async (options: Partial<RunOptions>, steps = Infinity) => {
    const told: number[] = [];
    let last: TokenizerReport | undefined;
    for await (const report of trainTokenizer({ recipe, images, backend: simd, ...options })) {
      last = report;
      if (!report.unevaluated) told.push(report.usage.perplexity);
      if (report.step === steps) break;
    }
    return { told, report: last as TokenizerReport };
  };

  it.each([1, 4, 7])("of a run resumed at step %i is that of one never stopped", async (at) => {
    const whole = await perplexities({});
    const stopped = await perplexities({}, at);
    const resumed = await perplexities({ resume: await checkpointOf(stopped.report) });
    expect([...stopped.told, ...resumed.told]).toEqual(whole.told);
    expect(new Set(whole.told).size).toBeGreaterThan(6);
    for (const { report } of [whole, stopped, resumed]) release(report);
  });

  it("counts a step once whose evaluation has failed", async () => {
    const whole = await perplexities({ validation: { images, every: { steps: 2 } } });
    const failing = { ...images, get: () => Promise.reject(new Error("unreadable")) };
    let last: TokenizerReport | undefined;
    const stopped = async () => {
      const validation = { images: failing, every: { steps: 2 } };
      for await (const report of trainTokenizer({ recipe, images, backend: simd, validation })) last = report;
    };
    await expect(stopped()).rejects.toThrow("unreadable");
    expect(last).toMatchObject({ step: 2, unevaluated: true });
    const resume = await checkpointOf(last as TokenizerReport);
    const resumed = await perplexities({ resume, validation: { images, every: { steps: 2 } } });
    expect(resumed.told).toEqual(whole.told.slice(1));
    for (const report of [whole.report, last, resumed.report]) release(report as TokenizerReport);
  });

  it("begins anew from a checkpoint of before it was kept, or with other counts", async () => {
    const stopped = await perplexities({}, 2);
    const { manifest, ...checkpoint } = await checkpointOf(stopped.report);
    expect(manifest.tokenCounts).toMatch(/^\d+( \d+){7}$/);
    const { tokenCounts: _, ...before } = manifest;
    const first = (one: typeof manifest) => perplexities({ resume: { ...checkpoint, manifest: one } });
    const [old, ...others] = [
      await first(before),
      await first({ ...manifest, tokenCounts: "1 2 3" }),
      await first({ ...manifest, tokenCounts: "1 2 3 4 5 6 7 -8" }),
    ];
    for (const { told } of others) expect(told).toEqual(old.told);
    for (const { report } of [stopped, old, ...others]) release(report);
  });
});

describe("learning", () => {
  it("the tokenizer reconstructs, BEiT predicts hidden tokens, the classifier classifies", async () => {
    const trained = await lastOf(trainTokenizer({ recipe: { ...tinyTokenizer, epochs: 40 }, images, backend: simd }));
    const before = await evaluateTokenizer(tokenizer, images, { view: unitView });
    const after = await evaluateTokenizer(trained.tokenizer, images, { view: unitView });
    expect(after.meanAbsoluteError).toBeLessThan(0.6 * before.meanAbsoluteError);
    expect(after.usage.tokens).toBe(24 * 16);

    const pretrained = await lastOf(
      pretrain({ recipe: { ...tinyPretrain, epochs: 40 }, tokenizer: trained.tokenizer, images, backend: simd }),
    );
    const scores = await evaluatePretraining(pretrained.beit, trained.tokenizer, images, {
      mask: tinyPretrain.mask,
      pixelView: tinyEvalView,
      tokenView: unitView,
      seed: 1,
    });
    expect(scores.loss).toBeLessThan(0.9 * Math.log(8));
    expect(scores.accuracy).toBeGreaterThan(1.5 / 8);

    const classifier = await lastOf(
      fineTune({ recipe: { ...tinyFineTune, epochs: 20 }, images, backend: simd, from: pretrained.beit }),
    );
    const { accuracy, top5, confusion } = await evaluateClassifier(classifier.beit, images, { view: tinyEvalView });
    expect(accuracy).toBeGreaterThan(0.9);
    expect(top5).toBeUndefined(); // of so few classes it would say nothing
    expect(confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(24);
    for (const report of [trained, pretrained, classifier]) release(report);
  });

  it("starts at ln V and gives the reference's losses on simd", async () => {
    const reference = createReferenceBackend();
    const recipe = { ...tinyPretrain, initStd: 0.02 };
    const exact = await run(pretrain({ recipe, tokenizer, images, backend: reference }), 3);
    const fast = await run(pretrain({ recipe, tokenizer, images, backend: simd }), 3);
    expect(Math.abs(exact.losses[0] - Math.log(8))).toBeLessThan(0.05);
    exact.losses.forEach((loss, i) => expect(Math.abs(loss - fast.losses[i])).toBeLessThan(1e-5));
    release(fast.report);
  });
});

describe("recompute", () => {
  const options = { images, backend: simd };
  const withDropPath = <R extends typeof tinyPretrain | typeof tinyFineTune>(recipe: R): R => ({
    ...recipe,
    model: { ...recipe.model, dropPath: 0.3 },
  });
  it.each<[string, (recompute: boolean) => AsyncGenerator<StepReport<unknown>, void, void>]>([
    ["pretrain", (recompute) => pretrain({ recipe: withDropPath(tinyPretrain), tokenizer, ...options, recompute })],
    ["fineTune", (recompute) => fineTune({ recipe: withDropPath(tinyFineTune), ...options, recompute })],
  ])("changes no bit of %s", async (_, loop) => {
    const [kept, again] = [await run(loop(false)), await run(loop(true))];
    expect(again.losses).toEqual(kept.losses);
    expect(bits(again.report.state.params)).toEqual(bits(kept.report.state.params));
    for (const { report } of [kept, again]) release(report);
  });
});

describe("pretrain", () => {
  it("refuses a tokenizer that does not fit", async () => {
    const other = { ...tokenizer, config: { ...tokenizer.config, vocabSize: 9 } };
    await expect(run(pretrain({ recipe: tinyPretrain, tokenizer: other, images, backend: simd }))).rejects.toThrow(
      "[pretrain] expected vocabSize of the codebook's, got 8 and 9",
    );
  });
});

async function lastOf<Report>(loop: AsyncGenerator<Report, void, void>): Promise<Report> {
  let last: Report | undefined;
  for await (const report of loop) last = report;
  return last as Report;
}
