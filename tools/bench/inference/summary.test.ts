import { describe, expect, it } from "vitest";
import type { InferenceResult } from "./settings.ts";
import { inferenceRow, ratiosToOurs } from "./summary.ts";

const round = (times: readonly number[], more: Partial<InferenceResult> = {}): InferenceResult => ({
  loadMs: 10,
  firstMs: 3 * times[0],
  times,
  cpuTimes: times.map((time) => 2 * time),
  peakRssBytes: 2 ** 20 * 100,
  ...more,
});

describe("inferenceRow", () => {
  it("sums rounds up, with the share of the ceiling that the best call reaches", () => {
    const rounds = [round([100, 120, 110], { ceiling: 40 }), round([200], { ceiling: 50, engineBytes: 2 ** 20 })];
    const row = inferenceRow("simd-base-2", rounds, { threads: 2, operations: 1e9, difference: 0 });
    expect(row).toMatchObject({ medianMs: 155, bestMs: 100, calls: 4, peakRssMiB: 100, engineMiB: 1, gflops: 10 });
    expect(row).toMatchObject({ firstQuartileMs: 107.5, thirdQuartileMs: 140, firstMs: 450, ofCeiling: 0.1 });
  });

  it("leaves out what a peer does not tell", () => {
    const row = inferenceRow("ort-web-1", [round([100])], { threads: 1, operations: 1e9, difference: 0 });
    expect(row).toMatchObject({ engineMiB: null, ofCeiling: null, spread: null });
  });
});

describe("ratiosToOurs", () => {
  it("compares every contestant with each of ours within a round", () => {
    const results = new Map([
      ["simd-base-1", [round([100]), round([200])]],
      ["simd-base-2", [round([50]), round([100])]],
      ["ort-web-1", [round([300]), round([600])]],
    ]);
    expect(ratiosToOurs(results, ({ times }) => times)).toEqual({
      "simd-base-1": { "simd-base-2": 0.5, "ort-web-1": 3 },
      "simd-base-2": { "simd-base-1": 2, "ort-web-1": 6 },
    });
  });
});
