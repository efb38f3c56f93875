// Golden numbers: scikit-learn 1.9.1, average_precision_score.
import { describe, expect, it } from "vitest";
import { averagePrecision } from "./average-precision.ts";
import { multiLabelScores } from "./multi-label.ts";

describe("averagePrecision", () => {
  it("is scikit-learn's, equal scores being one threshold", () => {
    const scores = [0.5, 0.5, 0.25, 0.75, 0.25, 0.25, 1, 0.5, 0, 0];
    const there = [1, 0, 1, 0, 1, 0, 1, 1, 0, 1];
    expect(averagePrecision(scores, there)).toBeCloseTo(0.6749999999999999, 14);
    expect(averagePrecision([3, 2, 1], [1, 0, 1])).toBeCloseTo(5 / 6, 14);
  });

  it("does not depend on the order of what is given", () => {
    const scores = [1, 1, 1, 0, 0];
    expect(averagePrecision(scores, [1, 0, 0, 0, 1])).toBe(averagePrecision(scores, [0, 0, 1, 1, 0]));
  });

  it("is none where nothing is there to be found", () => expect(averagePrecision([1, 2], [0, 0])).toBeUndefined());
});

describe("multiLabelScores", () => {
  const row = (i: number) => Array.from({ length: 4 }, (_, k) => (((i * 7 + k * 5) % 11) - 5) / 2);
  const there = (i: number) => Array.from({ length: 4 }, (_, k) => Number((i * 3 + k * k) % 5 < 2 && k < 3));
  const images = Array.from({ length: 8 }, (_, i) => i);
  const scores = multiLabelScores(Float32Array.from(images.flatMap(row)), Uint8Array.from(images.flatMap(there)), 4);

  it("are scikit-learn's; a class without images is left out of the mean", () => {
    expect(scores.classAveragePrecision.slice(0, 3)).toEqual([
      expect.closeTo(0.3654761904761905, 14),
      expect.closeTo(0.4777777777777778, 14),
      expect.closeTo(0.3206349206349206, 14),
    ]);
    expect(scores.classAveragePrecision[3]).toBeNull();
    expect(scores.meanAveragePrecision).toBeCloseTo(0.387962962962963, 14);
    expect(scores.microAveragePrecision).toBeCloseTo(0.25922619047619044, 14);
    expect(scores.accuracy).toBe(0.28125);
    expect(scores.loss).toBeCloseTo(1.2186690049076965, 12);
  });
});
