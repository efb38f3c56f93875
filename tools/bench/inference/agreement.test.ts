import { describe, expect, it } from "vitest";
import { difference, shortReason } from "./agreement.ts";

describe("difference", () => {
  it("counts visual tokens that differ", () => {
    expect(difference(Int32Array.of(1, 2, 3), Int32Array.of(1, 2, 3))).toBe(0);
    expect(difference(Int32Array.of(1, 7, 9), Int32Array.of(1, 2, 3))).toBe(2);
  });

  it("takes the largest difference of features, and never accepts what is no number", () => {
    expect(difference(Float32Array.of(1, 2), Float32Array.of(1.5, 1.75))).toBe(0.5);
    expect(difference(Float32Array.of(1, NaN), Float32Array.of(1, 2))).toBe(Infinity);
  });

  it("is infinite for outputs of another length", () => {
    expect(difference(new Int32Array(3), new Int32Array(4))).toBe(Infinity);
  });
});

describe("shortReason", () => {
  it("finds the engine's error in what a process left behind", () => {
    const message =
      "[bench] node ended with 1: file.js:3\n  throw\n\nError: expected a build\n    at open (file.js:3:9)";
    expect(shortReason(message)).toBe("Error: expected a build");
    expect(shortReason("[bench] node ended with SIGTERM: ")).toBe("took more than 120 s for its first call");
  });
});
