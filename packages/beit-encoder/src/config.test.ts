import { describe, expect, it } from "vitest";
import {
  beitVariants,
  dropPathRate,
  parameterCount,
  parameterShapes,
  plainTransformer,
  poolingNormOf,
  validateBeitConfig,
  type BeitConfig,
} from "./index.ts";

const { base, large } = beitVariants;
const toClasses = (classes: number, imageSize = 224) =>
  ({ vocabSize: 0, classes, imageSize, relativePositions: "per-layer" }) as const;

describe("parameter counts of the official models", () => {
  it.each<[string, BeitConfig, number]>([
    ["base, pre-training", base, 91_965_776],
    ["large, pre-training", large, 311_534_016],
    ["base of the paper", { ...base, ...plainTransformer }, 92_089_856],
    ["large of the paper", { ...large, ...plainTransformer }, 311_674_880],
    ["base, 1000 classes at 224", { ...base, ...toClasses(1000) }, 86_530_984],
    ["large, 1000 classes at 224", { ...large, ...toClasses(1000) }, 304_430_568],
    ["base, 1000 classes at 384", { ...base, ...toClasses(1000, 384) }, 86_744_104],
    ["large, 1000 classes at 384", { ...large, ...toClasses(1000, 384) }, 304_998_888],
    ["base, 1000 classes at 512", { ...base, ...toClasses(1000, 512) }, 86_997_544],
    ["large, 1000 classes at 512", { ...large, ...toClasses(1000, 512) }, 305_674_728],
    ["base, 21841 classes at 224", { ...base, ...toClasses(21_841) }, 102_557_713],
    ["large, 21841 classes at 224", { ...large, ...toClasses(21_841) }, 325_792_593],
  ])("%s", (_, config, count) => expect(parameterCount(config)).toBe(count));
});

describe("validateBeitConfig", () => {
  it("accepts all variants, with and without plain positions", () => {
    for (const variant of Object.values(beitVariants)) {
      expect(() => validateBeitConfig(variant)).not.toThrow();
      expect(() => validateBeitConfig({ ...variant, ...plainTransformer })).not.toThrow();
      expect(JSON.parse(JSON.stringify(variant))).toEqual(variant);
    }
  });

  it.each<[Partial<Record<keyof BeitConfig, unknown>>, string]>([
    [{ width: 190 }, "heads to be a divisor of width 190, got 12"],
    [{ imageSize: 15 }, "imageSize to be at least patchSize 16, got 15"],
    [{ imageSize: [224, 9] }, "imageSize to be at least patchSize 16, got 224 x 9"],
    [{ imageSize: 8192 }, "imageSize to be of at most 32768 patches"],
    [{ imageSize: 8193 }, "imageSize to be of at most 67108864 pixels, got 8193"],
    [{ imageSize: [224] }, "imageSize to be a positive integer or [height, width], got 224"],
    [{ imageSize: undefined }, "imageSize to be a positive integer or [height, width], got undefined"],
    [{ imageSize: null }, "imageSize to be a positive integer or [height, width], got null"],
    [{ imageSize: [224, 0] }, "imageSize to be a positive integer or [height, width], got 224,0"],
    [{ depth: 0 }, "depth to be a positive integer, got 0"],
    [{ heads: 1.5 }, "heads to be a positive integer, got 1.5"],
    [{ channels: -3 }, "channels to be a positive integer, got -3"],
    [{ vocabSize: -1 }, "vocabSize to be a non-negative integer, got -1"],
    [{ classes: NaN }, "classes to be a non-negative integer, got NaN"],
    [{ mlpRatio: 0 }, "mlpRatio to be a number that gives a positive integer times width 768, got 0"],
    [{ mlpRatio: 1 / 3.1 }, "mlpRatio to be a number that gives a positive integer times width 768"],
    [{ layerScale: -0.1 }, "layerScale to be 0 or more, got -0.1"],
    [{ layerScale: undefined }, "layerScale to be 0 or more, got undefined"],
    [{ dropPath: 1 }, "dropPath to be in [0, 1), got 1"],
    [{ epsilon: 0 }, "epsilon to be in (0, 1), got 0"],
    [{ absolutePositions: "yes" }, "absolutePositions to be true or false, got yes"],
    [{ relativePositions: "both" }, "relativePositions to be none, shared or per-layer, got both"],
    [{ pooling: "max" }, "pooling to be mean or class, got max"],
    [{ poolingNorm: "both", vocabSize: 0, classes: 2 }, "poolingNorm to be before, after or absent, got both"],
    [{ poolingNorm: "after" }, "poolingNorm to be absent in a model for pre-training, got after"],
  ])("refuses %o", (change, message) => {
    const config = { ...base, ...change } as BeitConfig;
    expect(() => validateBeitConfig(config, "initBeit")).toThrow(`[initBeit] expected ${message}`);
  });
});

describe("poolingNormOf", () => {
  it("is BEiT's own place where none is said: after the mean, before the class token, none without a class head", () => {
    const classifier: BeitConfig = { ...base, vocabSize: 0, classes: 3 };
    expect(poolingNormOf(classifier)).toBe("after");
    expect(poolingNormOf({ ...classifier, pooling: "class" })).toBe("before");
    expect(poolingNormOf({ ...classifier, poolingNorm: "before" })).toBe("before");
    expect(poolingNormOf({ ...classifier, classes: 0 })).toBeUndefined();
    expect(poolingNormOf({ ...classifier, classes: 0, poolingNorm: "after" })).toBe("after");
    expect(poolingNormOf(base)).toBeUndefined();
  });

  it("needs no field in what was stored before there was one", () => {
    const names = (config: BeitConfig) =>
      [...parameterShapes(config).keys()].filter((path) => /norm\.gamma/i.test(path));
    const own = (config: BeitConfig) => names(config).filter((path) => !path.startsWith("blocks."));
    expect(own(base)).toEqual(["norm.gamma"]);
    expect(own({ ...base, vocabSize: 0 })).toEqual([]);
    expect(own({ ...base, vocabSize: 0, pooling: "class" })).toEqual([]);
    expect(own({ ...base, vocabSize: 0, classes: 3 })).toEqual(["classNorm.gamma"]);
    expect(own({ ...base, vocabSize: 0, classes: 3, pooling: "class" })).toEqual(["norm.gamma"]);
    expect(own({ ...base, vocabSize: 0, classes: 3, poolingNorm: "before" })).toEqual(["norm.gamma"]);
  });
});

describe("dropPathRate", () => {
  it("rises on a line to the last block", () => {
    const rates = Array.from({ length: 12 }, (_, block) => dropPathRate({ ...base, dropPath: 0.1 }, block));
    expect(rates[0]).toBe(0);
    expect(rates[1]).toBeCloseTo(0.00909, 5);
    expect(rates[11]).toBe(0.1);
  });

  it("is zero for a single block", () => expect(dropPathRate({ ...base, depth: 1, dropPath: 0.5 }, 0)).toBe(0));
});
