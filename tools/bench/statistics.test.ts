import { describe, expect, it } from "vitest";
import { median, pairedRatio, quartiles, rounded, spread } from "./statistics.ts";

it("finds the median and leaves the values in their order", () => {
  const values = [10, 9, 100];
  expect(median(values)).toBe(10);
  expect(values).toEqual([10, 9, 100]);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(() => median([])).toThrow("[median] expected at least one value, got none");
});

it("measures the spread in medians", () => {
  expect(spread([90, 110, 100])).toBe(0.2);
  expect(spread([5, 5])).toBe(0);
  expect(spread([5])).toBeNull();
});

it("compares round by round", () => {
  // A busy second round doubles both: the ratio stays, where a ratio of the best times or of sums would not.
  expect(pairedRatio([20, 40, 90], [10, 20, 10])).toBe(2);
  expect(() => pairedRatio([1, 2], [1])).toThrow("[pairedRatio] expected 2 baselines, got 1");
});

it("rounds to significant digits", () => {
  expect([1234.56, 0.00123456, 0].map((value) => rounded(value, 3))).toEqual([1230, 0.00123, 0]);
});

describe("quartiles", () => {
  it("lie on lines between neighbors", () => {
    expect(quartiles([4, 1, 3, 2, 5])).toEqual([2, 4]);
    expect(quartiles([10, 20])).toEqual([12.5, 17.5]);
    expect(quartiles([7])).toEqual([7, 7]);
    expect(() => quartiles([])).toThrow("[quartiles] expected at least one value");
  });
});
