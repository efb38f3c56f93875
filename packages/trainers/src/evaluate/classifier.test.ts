// Figures of a classifier against a network whose logits are chosen, and the calibration error against its definition.
import { describe, expect, it } from "vitest";
import { initBeitClassifier, type Beit } from "@beitjs/beit-encoder";
import { tensor } from "@beitjs/tensor-core";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createRng } from "@beitjs/tensor-core/random";
import { memoryDataset } from "../data/index.ts";
import { tinyEvalView, tinyFineTune } from "../testing.ts";
import { calibrationError, createCalibration } from "./calibration.ts";
import { evaluateClassifier } from "./classifier.ts";

const backend = createReferenceBackend();

/** Says the same of every image: these logits. */
function constant(logits: readonly number[]): Beit {
  const { config, params } = initBeitClassifier(
    { ...tinyFineTune.model, classes: logits.length },
    createRng(1),
    backend,
    {
      std: 0.02,
    },
  );
  const weight = tensor(
    new Array<number>(logits.length * config.width).fill(0),
    [logits.length, config.width],
    backend,
  );
  return { config, params: { ...params, classHead: { weight, bias: tensor(logits, [logits.length], backend) } } };
}

function labeled(labels: readonly number[], count: number) {
  return memoryDataset({
    ...{ width: 8, height: 8, channels: 1, data: new Uint8Array(64 * labels.length), name: (i: number) => `#${i}` },
    labels: Uint8Array.from(labels),
    classes: Array.from({ length: count }, (_, i) => `class ${i}`),
  } as const);
}

describe("evaluateClassifier", () => {
  it("counts what was taken for what, by class, and tells the surest mistakes", async () => {
    const probabilities = [0.1, 0.6, 0.3];
    const beit = constant(probabilities.map(Math.log));
    const scores = await evaluateClassifier(beit, labeled([1, 0, 1, 0, 0], 3), { view: tinyEvalView, mistakes: 2 });
    expect(scores).toMatchObject({
      images: 5,
      accuracy: 0.4,
      confusion: [
        [0, 3, 0],
        [0, 2, 0],
        [0, 0, 0],
      ],
      classAccuracy: [0, 1, null],
    });
    expect(scores.loss).toBeCloseTo(-(2 * Math.log(0.6) + 3 * Math.log(0.1)) / 5, 6);
    expect(scores.calibrationError).toBeCloseTo(0.6 - 0.4, 6);
    expect(scores.mistakes.map(({ index }) => index)).toEqual([1, 3]);
    expect(scores.mistakes[0]).toMatchObject({ name: "#1", label: 0, predicted: 1 });
    expect(scores.mistakes[0].probability).toBeCloseTo(0.6, 6);
    expect(scores.mistakes[0].trueProbability).toBeCloseTo(0.1, 6);
  });

  it("has a top 5 only where there are more classes", async () => {
    const logits = (count: number) => Array.from({ length: count }, (_, i) => -i);
    const options = { view: tinyEvalView };
    expect(await evaluateClassifier(constant(logits(5)), labeled([4], 5), options)).not.toHaveProperty("top5");
    const { top5 } = await evaluateClassifier(constant(logits(6)), labeled([0, 4, 5, 5], 6), options);
    expect(top5).toBe(0.5);
  });
});

describe("the calibration error", () => {
  it("is 0 where as many are right as was said, and the distance where not", () => {
    const calibration = createCalibration();
    for (let i = 0; i < 10; i++) calibration.add(0.8, i < 8);
    expect(calibrationError(calibration.bins())).toBeCloseTo(0, 12);
    for (let i = 0; i < 10; i++) calibration.add(0.3, i < 8);
    expect(calibrationError(calibration.bins())).toBeCloseTo(0.25, 12);
  });

  it("has 15 bins, closed above", () => {
    const calibration = createCalibration();
    for (const confidence of [0, 1 / 15, 0.0667, 1]) calibration.add(confidence, true);
    const bins = calibration.bins();
    expect(bins).toHaveLength(15);
    expect(bins.map(({ images }) => images)).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });
});
