import { describe, expect, it } from "vitest";
import { createRng } from "../random.ts";
import { constant, fanInNormal, fanInUniform, normal, truncatedNormal, uniform } from "./initializers.ts";

const shape = [100, 300];

function moments(values: Float32Array): { mean: number; std: number; largest: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return {
    mean,
    std: Math.sqrt(variance),
    largest: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
  };
}

// Bounds of five standard errors: of the mean std / sqrt(n), of the standard deviation at most std / sqrt(2 n).
function expectSpread(values: Float32Array, std: number): void {
  const found = moments(values);
  expect(values).toHaveLength(30_000);
  expect(Math.abs(found.mean)).toBeLessThan((5 * std) / Math.sqrt(30_000));
  expect(Math.abs(found.std - std)).toBeLessThan((5 * std) / Math.sqrt(60_000));
}

describe("initializers", () => {
  it("draws normal values", () => {
    const values = normal(createRng(1), shape, { std: 0.02 });
    expectSpread(values, 0.02);
    expect(moments(values).largest).toBeGreaterThan(0.06);
  });

  it("moves the mean", () => expect(moments(normal(createRng(1), shape, { mean: 3 })).mean).toBeCloseTo(3, 1));

  // The spread left by a cut at one sigma: sqrt(1 - 2 phi(1) / (2 Phi(1) - 1)) = 0.5395601.
  it("cuts a truncated normal at its bound and leaves the known spread", () => {
    const values = truncatedNormal(createRng(2), shape, { std: 0.02, cut: 1 });
    expectSpread(values, 0.0107912);
    expect(moments(values).largest).toBeLessThanOrEqual(Math.fround(0.02));
    expect(moments(values).largest).toBeGreaterThan(0.0199);
  });

  it("has the spread of a whole normal when the cut is far away, at one word a value", () => {
    const rng = createRng(3);
    expectSpread(truncatedNormal(rng, shape, { std: 2, cut: 100 }), 2);
    expect(rng.drawn).toBe(30_000);
  });

  it.each([0, -1, NaN])("refuses a cut of %d", (cut) => {
    expect(() => truncatedNormal(createRng(1), [2], { std: 1, cut })).toThrow(
      `[truncatedNormal] expected a cut above 0, got ${cut}`,
    );
  });

  it("draws uniform values", () => {
    const values = uniform(createRng(4), shape, { low: -0.5, high: 0.5 });
    expectSpread(values, 1 / Math.sqrt(12));
    expect(moments(values).largest).toBeLessThanOrEqual(0.5);
  });

  it("takes all axes but the first as fan-in", () => {
    expectSpread(fanInNormal(createRng(5), [100, 3, 4, 25]), 1 / Math.sqrt(300));
    expectSpread(fanInUniform(createRng(6), [100, 300]), 1 / Math.sqrt(900));
  });

  it("repeats with the same rng and fills constants", () => {
    expect(normal(createRng(9), [7])).toEqual(normal(createRng(9), [7]));
    expect(normal(createRng(9), [7])).not.toEqual(normal(createRng(10), [7]));
    expect(constant([2, 2], 0.1)).toEqual(new Float32Array(4).fill(0.1));
  });
});
