import { describe, expect, it } from "vitest";
import { normalQuantile, probabilityBelow } from "./normal-quantile.ts";

describe("normalQuantile", () => {
  // Quantiles of standard tables.
  it.each([
    [0.5, 0],
    [0.6, 0.2533471031],
    [0.8413447461, 1],
    [0.975, 1.9599639845],
    [0.999, 3.0902323062],
    [1e-6, -4.7534243088],
    [1e-12, -7.0344838253],
  ])("at %d is %d", (p, expected) => {
    expect(Math.abs(normalQuantile(p) - expected)).toBeLessThan(1e-6);
    expect(normalQuantile(p)).toBeCloseTo(-normalQuantile(1 - p), p < 1e-9 ? 4 : 8);
  });

  it("rises where its pieces meet", () => {
    for (const seam of [0.075, 0.925, Math.exp(-25)]) {
      const [below, above] = [normalQuantile(seam * (1 - 1e-5)), normalQuantile(seam * (1 + 1e-5))];
      expect(above).toBeGreaterThan(below);
      expect(above - below).toBeLessThan(1e-3);
    }
  });
});

describe("probabilityBelow", () => {
  // A quantile good to 1e-7 of x makes the probability good to about 1e-7 x² of itself.
  it.each([
    [-1, 0.1586552539],
    [-2, 0.0227501319],
    [-5, 2.866516e-7],
  ])("%d is %d", (x, expected) => expect(Math.abs(probabilityBelow(x) / expected - 1)).toBeLessThan(2e-7 * x * x));

  it("is zero far out", () => expect(probabilityBelow(-100)).toBe(0));
});
