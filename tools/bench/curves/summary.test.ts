import { describe, expect, it } from "vitest";
import { curveRow } from "./summary.ts";

describe("curveRow", () => {
  const reference = Array.from({ length: 100 }, (_, step) => 6 - step / 50);

  it("tells how far a curve is from the reference's, in shares of its losses", () => {
    const losses = reference.map((loss, step) => (step === 50 ? loss * 1.01 : loss));
    const row = curveRow("ours", losses, reference);
    expect(row).toMatchObject({
      contestant: "ours",
      firstLoss: 6,
      largestDifference: 0.01,
      meanDifference: 0.0001,
      earlyDifference: 0,
    });
    expect(row.lastLoss).toBeCloseTo(6 - 84.5 / 50, 4);
    expect(row.losses).toBe(losses);
  });

  it("has no differences without a reference", () => {
    expect(curveRow("ours", reference, undefined)).toMatchObject({
      earlyDifference: null,
      largestDifference: null,
      meanDifference: null,
    });
  });
});
