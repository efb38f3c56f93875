// The gate for recipes: all that ship pass it, and whatever else comes is passed or refused with a path, never with a crash.
import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import * as v from "valibot";
import { tinyFineTune, tinyGaussian, tinyPretrain, tinyTokenizer, tinyVisible } from "../testing.ts";
import { checkRecipe } from "./check-recipe.ts";
import { fitToChannels } from "./fit-to-channels.ts";
import { fineTuneBase, recipeFacts, recipes } from "./index.ts";
import { RecipeError, type RecipeIssue } from "./recipe-error.ts";
import type { Recipe } from "./recipe.ts";
import { fields } from "./schema/fields.ts";
import { exactly } from "./schema/inferred.ts";
import { count, truth } from "./schema/values.ts";
import { without } from "./without.ts";

const tiny: readonly Recipe[] = [tinyTokenizer, tinyGaussian, tinyPretrain, tinyVisible, tinyFineTune];

function refusal(recipe: unknown, stage: Recipe["stage"]): RecipeError | undefined {
  try {
    checkRecipe("test", recipe, stage);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(RecipeError);
    return error as RecipeError;
  }
}

const issuesOf = (recipe: Recipe, change: object): readonly RecipeIssue[] =>
  refusal({ ...recipe, ...change }, recipe.stage)?.issues ?? [];

it.each([...Object.entries(recipes), ...tiny.map((recipe) => [`tiny ${recipe.stage}`, recipe] as const)])(
  "%s passes, as it is",
  (_, recipe) => expect(checkRecipe("test", recipe, recipe.stage)).toEqual(recipe),
);

it("passes with a norm at another place, and needs none to be said", () => {
  const placed = { ...tinyFineTune, model: { ...tinyFineTune.model, poolingNorm: "before" } };
  expect(checkRecipe("test", placed, "fine-tune")).toEqual(placed);
  expect(tinyFineTune.model).not.toHaveProperty("poolingNorm");
  const [found] = issuesOf(tinyFineTune, { model: { ...tinyFineTune.model, poolingNorm: "none" } });
  expect(found).toEqual(issue(["model", "poolingNorm"], "before or after", "none"));
});

describe("refuses, with path, expectation and value", () => {
  const { model, views } = tinyPretrain;
  it.each<readonly [string, Recipe, object, RecipeIssue]>([
    ["a number", tinyPretrain, { epochs: 1.5 }, issue(["epochs"], "a positive integer of at most 1048576", 1.5)],
    ["what JSON has no word for", tinyPretrain, { initStd: NaN }, issue(["initStd"], "a positive number", NaN)],
    ["a missing field", tinyPretrain, { initStd: undefined }, issue(["initStd"], "a positive number", undefined)],
    ["an object", tinyPretrain, { views: 3 }, issue(["views"], "an object", 3)],
    [
      "an entry of a list",
      tinyPretrain,
      { views: { ...views, scale: [0.5, "1"] } },
      issue(["views", "scale", 1], "a positive number", "1"),
    ],
    [
      "an unknown key, naming those there are",
      tinyPretrain,
      { views: { ...views, minScale: 0.3 } },
      issue(
        ["views", "minScale"],
        "one of the known keys (channels, pixelSize, tokenSize, colorJitter, flip, scale, ratio, mean, std)",
        0.3,
      ),
    ],
    [
      "an unknown kind",
      tinyPretrain,
      { mask: { kind: "rows" } },
      issue(["mask", "kind"], "uniform, span, none or blockwise", "rows"),
    ],
    [
      "an unknown variant",
      tinyPretrain,
      { mask: { kind: "blockwise", variant: "v3", count: 3 } },
      issue(["mask", "variant"], "paper, official or exact", "v3"),
    ],
    [
      "a bare number for a length",
      tinyPretrain,
      { learningRate: { ...tinyPretrain.learningRate, warmup: 20 } },
      issue(["learningRate", "warmup"], "a length such as { epochs: 20 }, { share: 0.1 } or { steps: 500 }", 20),
    ],
    [
      "a share of more than the run",
      tinyTokenizer,
      { temperature: { start: 1, end: 0.5, over: { share: 1.2 } } },
      issue(["temperature", "over", "share"], "a number in [0, 1]", 1.2),
    ],
    [
      "a length in two units",
      tinyTokenizer,
      { klWeight: { start: 0, end: 1, over: { epochs: 1, steps: 3 } } },
      issue(["klWeight", "over", "steps"], "one of the known keys (epochs)", 3),
    ],
    [
      "a missing length",
      tinyTokenizer,
      { klWeight: { start: 0, end: 1 } },
      issue(["klWeight", "over"], "a length such as { epochs: 20 }, { share: 0.1 } or { steps: 500 }", undefined),
    ],
    [
      "a normalization's name",
      tinyFineTune,
      { view: { ...tinyFineTune.view, normalization: "imagenet" } },
      issue(["view", "normalization"], "unit, mapPixels, or an object of mean and std", "imagenet"),
    ],
    ["another stage", tinyPretrain, { stage: "fine-tune" }, issue(["stage"], "pretrain", "fine-tune")],
    [
      "micro-batches that leave a rest",
      tinyPretrain,
      { microBatches: 3 },
      issue(["microBatches"], "a divisor of batchSize 8", 3),
    ],
    [
      "heads that do not divide",
      tinyPretrain,
      { model: { ...model, heads: 5 } },
      issue(["model", "heads"], "a divisor of width 12", 5),
    ],
    [
      "a mask larger than its grid",
      tinyPretrain,
      { mask: { kind: "uniform", count: 17 } },
      issue(["mask", "count"], "an integer in [1, 16] on a 4x4 grid", 17),
    ],
    [
      "a grid that masks cannot be drawn on",
      tinyPretrain,
      { model: { ...model, imageSize: 65, patchSize: 1 }, views: { ...views, pixelSize: 65 } },
      issue(["model", "patchSize"], "large enough for a grid of at most 64x64", "a grid of 65x65"),
    ],
    [
      "a view of another size",
      tinyTokenizer,
      { views: { ...views, tokenSize: 16 } },
      issue(["views", "tokenSize"], "model.imageSize 8", 16),
    ],
    [
      "statistics of other channels",
      tinyFineTune,
      { evalView: { ...tinyFineTune.evalView, normalization: { mean: [0, 0], std: [1] } } },
      issue(["evalView", "normalization", "mean"], "a list of 1 number, one a channel", [0, 0]),
    ],
    [
      "a dVAE that cannot be",
      tinyTokenizer,
      { model: { ...tinyTokenizer.model, reconstruction: "logit-laplace" } },
      issue(["model", "pixelRange"], "mapped for logit-laplace", "normalized"),
    ],
    [
      "an encoder of visible patches without a decoder",
      without(tinyVisible, "decoder"),
      {},
      issue(["decoder"], "there with encoder visible, such as { width: 64, depth: 2, heads: 2 }", undefined),
    ],
    [
      "a decoder behind an encoder of all patches",
      tinyPretrain,
      { decoder: tinyVisible.decoder },
      issue(["decoder"], "absent with encoder all", tinyVisible.decoder),
    ],
    [
      "heads of a decoder that do not divide",
      tinyVisible,
      { decoder: { width: 8, depth: 1, heads: 3 } },
      issue(["decoder"], "of heads that divide its width", { width: 8, depth: 1, heads: 3, vocabSize: 8 }),
    ],
    [
      "relative positions in an encoder of visible patches",
      tinyVisible,
      { model: { ...tinyVisible.model, relativePositions: "shared" } },
      issue(["model", "relativePositions"], "none in a model whose encoder sees only some patches", "shared"),
    ],
    [
      "no positions in an encoder of visible patches",
      tinyVisible,
      { model: { ...tinyVisible.model, absolutePositions: false } },
      issue(["model", "absolutePositions"], "true in a model whose encoder sees only some patches", false),
    ],
    [
      "an encoder of visible patches that sees none",
      tinyVisible,
      { mask: { kind: "uniform", share: 1 } },
      issue(["mask"], "one that leaves some patches, with encoder visible", { kind: "uniform", share: 1 }),
    ],
    [
      "an encoder of visible patches that sees all",
      tinyVisible,
      { mask: { kind: "none" }, loss: "all" },
      issue(["mask", "kind"], "one that hides patches, with encoder visible", "none"),
    ],
    [
      "a loss of hidden patches where there are none",
      tinyPretrain,
      { mask: { kind: "none" } },
      issue(["loss"], "all where nothing is masked", "masked"),
    ],
    [
      "a share that hides nothing",
      tinyPretrain,
      { mask: { kind: "uniform", share: 0.01 } },
      issue(["mask", "share"], "large enough for a patch of 16", 0.01),
    ],
    [
      "a comparison of pixels where tokens are compared",
      tinyPretrain,
      { pixels: { normalized: true, error: "squared" } },
      issue(["pixels"], "absent with target tokens", { normalized: true, error: "squared" }),
    ],
  ])("%s", (_, recipe, change, expected) => expect(issuesOf(recipe, change)).toEqual([expected]));

  it("all that an encoder of visible patches would need at once", () => {
    const paths = issuesOf(tinyPretrain, { encoder: "visible" }).map(({ path }) => path.join("."));
    expect(paths).toEqual(["model.absolutePositions", "model.relativePositions", "decoder"]);
  });

  it("several at once, in one sentence", () => {
    expect(refusal({ ...tinyPretrain, seed: -1, views: { ...views, flip: "x" } }, "pretrain")?.message).toBe(
      '[test] expected recipe.seed to be an integer of 0 or more, got -1; expected recipe.views.flip to be a number in [0, 1], got "x"',
    );
  });

  it.each([undefined, null, 3, "pretrain-demo", [], {}])("%j, which is no recipe", (value) => {
    expect(refusal(value, "pretrain")?.issues).toHaveLength(1);
  });
});

function issue(path: RecipeIssue["path"], expected: string, got: unknown): RecipeIssue {
  return { path, expected, got };
}

describe("augmentation of fine-tuning", () => {
  const randAugment = { operations: 2, probability: 0.5, magnitude: 9, magnitudeStd: 0.5 };
  const erase = { probability: 0.25, scale: [0.02, 1 / 3], ratio: [0.3, 1 / 0.3] } as const;
  const mix = { mixupAlpha: 0.8, cutmixAlpha: 1, probability: 1, switchProbability: 0.5 };
  const ofView = (change: object) => issuesOf(tinyFineTune, { view: { ...tinyFineTune.view, ...change } });

  it("is that of table 13 in all recipes of the paper, and in no other", () => {
    const { view, mix: mixed, labelSmoothing, model, layerDecay } = fineTuneBase;
    expect(view).toMatchObject({ randAugment, erase });
    expect({ mixed, labelSmoothing, layerDecay }).toEqual({ mixed: mix, labelSmoothing: 0.1, layerDecay: 0.65 });
    expect(model.dropPath).toBe(0.1);
    const names = Object.entries(recipes).filter(([, one]) =>
      /randAugment|erase|"mix"|repeated/.test(JSON.stringify(one)),
    );
    const published = Object.entries(recipes).filter(
      ([name, { stage }]) => stage === "fine-tune" && recipeFacts[name].source !== undefined,
    );
    expect(names.map(([name]) => name)).toEqual(published.map(([name]) => name));
  });

  it("passes whole, and off", () => {
    const view = { ...tinyFineTune.view, randAugment, erase };
    const all = { ...tinyFineTune, view, mix, repeatedAugmentation: 3 };
    expect(checkRecipe("test", all, "fine-tune")).toEqual(all);
    expect(issuesOf(tinyFineTune, { mix: { ...mix, mixupAlpha: 0, probability: 0 } })).toEqual([]);
  });

  it("is refused by name", () => {
    expect(ofView({ randAugment: { ...randAugment, magnitude: 11 } })).toEqual([
      issue(["view", "randAugment", "magnitude"], "a number in [0, 10]", 11),
    ]);
    expect(ofView({ randAugment: { ...randAugment, operations: 0 } })).toEqual([
      issue(["view", "randAugment", "operations"], "a positive integer", 0),
    ]);
    expect(ofView({ erase: { ...erase, scale: [0.5, 0.2] } })).toEqual([
      issue(["view", "erase", "scale"], "two shares, the smaller first", [0.5, 0.2]),
    ]);
    expect(ofView({ erase: { ...erase, ratio: [2, 1] } })).toEqual([
      issue(["view", "erase", "ratio"], "two numbers, the smaller first", [2, 1]),
    ]);
    expect(issuesOf(tinyFineTune, { mix: { ...mix, mixupAlpha: 1e-9 } })).toEqual([
      issue(["mix", "mixupAlpha"], "0, or a number in [0.001, 1000]", 1e-9),
    ]);
    expect(issuesOf(tinyFineTune, { mix: { ...mix, mixupAlpha: 0, cutmixAlpha: 0 } })).toEqual([
      issue(["mix", "mixupAlpha"], "above 0 where mix.cutmixAlpha is 0 (mix.probability 0 turns both off)", 0),
    ]);
    expect(issuesOf(tinyFineTune, { mix, batchSize: 1 })).toEqual([
      issue(["batchSize"], "at least 2, as mix mixes the images of a batch", 1),
    ]);
    expect(issuesOf(tinyFineTune, { sampling: "balanced", repeatedAugmentation: 3 })).toEqual([
      issue(["repeatedAugmentation"], "1 with sampling balanced", 3),
    ]);
  });

  it("has no RandAugment of bands, and says so", () => {
    const bands = fitToChannels(fineTuneBase, 4);
    expect(bands.view.randAugment).toBeUndefined();
    expect(bands.view.erase).toEqual(erase);
    expect(checkRecipe("test", bands, "fine-tune")).toEqual(bands);
    expect(issuesOf(bands, { view: { ...bands.view, randAugment } })).toEqual([
      issue(["view", "randAugment"], "absent, as 4 channels are no colors", randAugment),
    ]);
  });
});

describe("whatever comes", () => {
  const passesOrNames = (recipe: unknown, stage: Recipe["stage"]): void => {
    for (const { path, expected } of refusal(recipe, stage)?.issues ?? []) {
      expect(path.every((key) => typeof key === "string" || typeof key === "number")).toBe(true);
      expect(expected).not.toBe("");
    }
  };

  it("garbage is refused", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withNullPrototype: true }),
        fc.constantFrom(...tiny),
        (garbage, { stage }) => {
          expect(refusal(garbage, stage)).toBeDefined();
        },
      ),
    );
  });

  it("a good recipe with garbage somewhere passes, or the place is named", () => {
    const places = tiny.flatMap((recipe) => pathsOf(recipe).map((path) => [recipe, path] as const));
    const value = fc.oneof(
      fc.anything(),
      fc.double(),
      fc.integer({ min: -2, max: 70 }),
      fc.constantFrom("unit", "paper"),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), value, ([recipe, path], garbage) => {
        passesOrNames(replaced(recipe, path, garbage), recipe.stage);
      }),
      { numRuns: 500 },
    );
  });

  it("a key too many is named, whatever it is called", () => {
    const key = fc.oneof(fc.string(), fc.constantFrom("toString", "constructor", "valueOf", "hasOwnProperty"));
    const branches = pathsOf(tinyPretrain).filter((path) => isBranch(at(tinyPretrain, path)));
    fc.assert(
      fc.property(fc.constantFrom(...branches), key, (path, name) => {
        const branch = at(tinyPretrain, path) as object;
        fc.pre(
          !Object.hasOwn(branch, name) &&
            name !== "__proto__" &&
            !["maxBlock", "minAspect", "maxAspect"].includes(name),
        );
        const issues = refusal(replaced(tinyPretrain, path, { ...branch, [name]: 1 }), "pretrain")?.issues ?? [];
        expect(issues.map((one) => one.path)).toEqual([[...path, name]]);
      }),
    );
  });
});

const isBranch = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((node, key) => (node as Record<string, unknown>)[key], value);
}

function pathsOf(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[key], ...pathsOf(inner).map((path) => [key, ...path])]);
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  const inner = (value as Record<string, unknown>)[key];
  const next = rest.length > 0 ? replaced(inner, rest, by) : by;
  if (Array.isArray(value)) return value.map((entry: unknown, i) => (String(i) === key ? next : entry));
  return { ...(value as object), [key]: next };
}

describe("exactly", () => {
  type Config = { readonly size: number; readonly soft?: boolean };

  it("holds a schema equal to a type that another package declares", () => {
    const same = exactly<Config>()(fields({ size: count, soft: v.exactOptional(truth) }));
    expectTypeOf<v.InferOutput<typeof same>>().toEqualTypeOf<{ size: number; soft?: boolean }>();
    // @ts-expect-error a field too few
    exactly<Config>()(fields({ size: count }));
    // @ts-expect-error a field too many
    exactly<Config>()(fields({ size: count, soft: v.exactOptional(truth), hard: truth }));
    // @ts-expect-error a field that must be there
    exactly<Config>()(fields({ size: count, soft: truth }));
    // @ts-expect-error a field of another type
    exactly<Config>()(fields({ size: truth, soft: v.exactOptional(truth) }));
    expect(v.is(same, { size: 3 })).toBe(true);
  });
});
