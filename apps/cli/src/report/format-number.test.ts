// How figures are written, and what the report says of several seeds.
import { describe, expect, it } from "vitest";
import { duration, meanAndDeviation, percent, points, whole } from "./format-number.ts";

describe("numbers in words", () => {
  it("writes shares and differences", () => {
    expect(percent(0.54361)).toBe("54.4 %");
    expect(points(0.0662)).toBe("+6.6 points");
    expect(points(-0.0662)).toBe("\u22126.6 points");
    expect(points(0)).toBe("0.0 points");
    expect(whole(12000)).toBe("12,000");
  });

  it.each([
    [2.34, "2.3 s"],
    [59.4, "59 s"],
    [59.7, "1 min 0 s"],
    [75, "1 min 15 s"],
    [3660, "1 h 1 min"],
  ])("writes %d seconds", (seconds, text) => expect(duration(seconds)).toBe(text));

  it("gives mean and sample standard deviation", () => {
    expect(meanAndDeviation([0.5, 0.6, 0.7]).mean).toBeCloseTo(0.6, 12);
    expect(meanAndDeviation([0.5, 0.6, 0.7]).deviation).toBeCloseTo(0.1, 12);
    expect(meanAndDeviation([0.4])).toEqual({ mean: 0.4, deviation: 0 });
  });
});
