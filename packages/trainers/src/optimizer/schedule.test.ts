import { describe, expect, it } from "vitest";
import { anneal, warmupCosine } from "./schedule.ts";

describe("warmupCosine", () => {
  // The official cosine_scheduler with peak 1.5e-3, minimum 1e-5, 10 epochs of 10 steps, 2 of warm-up.
  it.each([
    [0, 0],
    [1, 7.8947368e-5],
    [2, 1.5789474e-4],
    [3, 2.3684211e-4],
    [19, 1.5e-3],
    [20, 1.5e-3],
    [21, 1.49942563e-3],
    [59, 7.84248563e-4],
    [60, 7.55e-4],
    [99, 1.0574368e-5],
  ])("step %i has rate %f", (step, expected) => {
    const rate = warmupCosine(step, 100, { peak: 1.5e-3, minimum: 1e-5, warmupSteps: 20 });
    expect(Math.abs(rate - expected)).toBeLessThan(1e-11);
  });

  it("starts at the peak without a warm-up and stays at the minimum past the end", () => {
    const schedule = { peak: 1, minimum: 0.1, warmupSteps: 0 };
    expect(warmupCosine(0, 10, schedule)).toBe(1);
    expect(warmupCosine(10, 10, schedule)).toBeCloseTo(0.1, 12);
    expect(warmupCosine(25, 10, schedule)).toBeCloseTo(0.1, 12);
  });
});

describe("anneal", () => {
  it("goes half a cosine and is held", () => {
    const temperature = { start: 1, end: 1 / 16, steps: 100 };
    expect(anneal(0, temperature)).toBe(1);
    expect(anneal(50, temperature)).toBeCloseTo((1 + 1 / 16) / 2, 12);
    expect(anneal(100, temperature)).toBe(1 / 16);
    expect(anneal(10_000, temperature)).toBe(1 / 16);
  });
});
