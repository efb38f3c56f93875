import { describe, expect, it } from "vitest";
import { geometricCubicWeights, splineWeights } from "./spline.ts";

const apply = (weights: readonly Float64Array[], values: readonly number[]) =>
  weights.map((row) => row.reduce((sum, weight, i) => sum + weight * values[i], 0));

describe("splineWeights", () => {
  // A not-a-knot spline through points of a cubic is that cubic, on uneven knots too.
  it("reproduces cubics", () => {
    const cubic = (x: number) => 2 * x ** 3 - x ** 2 + 3 * x - 5;
    const knots = [-3, -1.5, 0, 0.5, 2, 4];
    const targets = [-3, -2.2, -0.1, 0.2, 0.5, 1.9, 3.3, 4];
    apply(splineWeights(knots, targets), knots.map(cubic)).forEach((value, i) =>
      expect(value).toBeCloseTo(cubic(targets[i]), 10),
    );
  });

  it("clamps outside", () => {
    const weights = splineWeights([0, 1, 2, 3], [-5, 9]);
    expect(apply(weights, [7, 1, 1, 8])).toEqual([7, 8]);
  });
});

describe("geometricCubicWeights", () => {
  // Offsets of the official code for 224 to 384: a spline through the offsets themselves gives the targets back, so the
  // farthest source offset shows where it clamps: 22.99993 instead of 23.
  it("spreads the offsets as the official code does", () => {
    const offsets = [
      1, 2.09031, 3.27908, 4.5752, 5.98838, 7.52917, 9.20911, 11.04076, 13.03783, 15.21524, 17.58929, 20.17773,
      22.99993,
    ];
    const knots = [...offsets.map((offset) => -offset).reverse(), 0, ...offsets];
    const targets = apply(geometricCubicWeights(27, 47), knots);
    targets.forEach((value, i) => expect(Math.abs(value - (i - 23))).toBeLessThan(1e-4));
    expect(targets[46]).toBeLessThan(22.99995);
    expect(targets[46]).toBeGreaterThan(22.9999);
  });

  it("sums to one at every target", () => {
    for (const weights of geometricCubicWeights(7, 21))
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  });
});
