import { describe, expect, it } from "vitest";
import { antialiasedBicubicWeights, resizeMap } from "./interpolation.ts";
import { geometricCubicWeights, geometricLinearWeights, splineWeights } from "./spline.ts";

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

describe("geometricLinearWeights", () => {
  // What timm 1.0.31 makes of sin(0.3 row) + 0.1 cos(0.5 col) + 0.01 row col.
  it.each([
    [27, 47, [0.1, 0.090745, 1.099893, 1.046083, 1.207624, 0.193934, 7.849288], 4352.573296],
    [27, 63, [0.100011, 0.090767, 1.099893, 1.046083, 1.207624, 0.158124, 7.849265], 8059.312083],
    [27, 23, [0.769964, 1.333021, 1.099893, 1.046083, 1.207624, 0.941288, 6.265398], 909.43849],
    [7, 11, [0.1, -0.098999, 0.880401, 1.059113, 0.861712, 0.179466, 1.234848], 87.408117],
    [7, 5, [0.395808, 0.268847, 0.880401, 1.059113, 0.861712, 0.603028, 1.166124], 20.261104],
    [3, 7, [0.1, 0.05403, 0.393278, 0.672401, 0.36955, 0.087758, 0.658673], 18.265076],
    [1, 5, [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 2.5],
  ])("is timm's: %i to %i", (source, target, expected, sum) => {
    const z = Array.from({ length: source * source }, (_, i) => {
      const [row, col] = [Math.floor(i / source), i % source];
      return Math.sin(0.3 * row) + 0.1 * Math.cos(0.5 * col) + 0.01 * row * col;
    });
    const weights = geometricLinearWeights(source, target);
    const resized = resizeMap(z, 1, weights, weights);
    const half = (target - 1) / 2;
    const last = target - 1;
    const places = [
      [0, 0],
      [0, last],
      [half, half],
      [half + 1, half],
      [half, half + 1],
      [1, 3],
      [last, last],
    ];
    const found = places.map(([row, col]) => resized[row * target + col]);
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
    expect(Math.abs(resized.reduce((total, value) => total + value, 0) - sum)).toBeLessThan(2e-6 * target * target);
  });
});

describe("antialiasedBicubicWeights", () => {
  // PyTorch's, by way of timm's resample_abs_pos_embed.
  it.each([
    [
      4,
      6,
      [
        [1.065789, -0.065789, 0, 0],
        [0.529412, 0.529412, -0.058824, 0],
      ],
    ],
    [
      4,
      3,
      [
        [0.75286, 0.304348, -0.057208, 0],
        [-0.035201, 0.535201, 0.535201, -0.035201],
      ],
    ],
    [
      6,
      4,
      [
        [0.65534, 0.393204, -0.040453, -0.008091, 0, 0],
        [-0.038285, 0.372129, 0.620214, 0.087289, -0.041348, 0],
      ],
    ],
  ])("%i to %i", (source, target, rows) => {
    const weights = antialiasedBicubicWeights(source, target);
    expect(weights).toHaveLength(target);
    rows.forEach((row, i) => row.forEach((value, j) => expect(weights[i][j]).toBeCloseTo(value, 5)));
  });
});
