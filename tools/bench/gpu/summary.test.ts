import { expect, it } from "vitest";
import { gpuRows, hostRow } from "./summary.ts";

const round = { cpuTimes: [1], losses: [9, 8], peakRssBytes: 1, engineBytes: 3 * 2 ** 20 };

it("turns milliseconds into rates", () => {
  const rounds = [
    { ...round, times: [100, 200, 300], productTimes: [2], hostTimes: [9, 11, 10], tokenizerTimes: [50] },
    { ...round, times: [400], productTimes: [4], hostTimes: [12], tokenizerTimes: [50] },
  ];
  const sizes = { products: [[1000, 2000, 3000]] as const, batch: 30, tokenizerBatch: 10 };
  const rows = gpuRows("one", rounds, sizes);
  const rateOf = (work: string): unknown => rows.find((row) => row["work"] === work)?.["rate"];
  expect(rateOf("product 1000 x 2000 x 3000")).toBe(4); // 12 GFLOP in 3 ms
  expect(rateOf("pre-training step")).toBe(100); // 30 images in 300 ms
  expect(rateOf("images to visual tokens")).toBe(200);
  expect(rateOf("step and tokenizer, added up")).toBeCloseTo(1 / (1 / 100 + 1 / 200), 1);
  expect(rows.find((row) => row["unit"] === "images/s")).toMatchObject({ hostMs: 11, firstLoss: 9, deviceMiB: 3 });
});

it("leaves out what a contestant does not measure", () => {
  const rows = gpuRows("tfjs", [{ ...round, times: [10], productTimes: [] }], {
    products: [[1, 2, 3]],
    batch: 1,
    tokenizerBatch: 1,
  });
  expect(rows.map((row) => row["work"])).toEqual(["pre-training step"]);
  expect(rows[0]["hostMs"]).toBeNull();
});

it("tells the host's part by itself", () => {
  expect(hostRow("null", [{ encodingTimes: [3, 1, 2], times: [6, 5, 7], engineBytes: 3 * 2 ** 20 }])).toMatchObject({
    hostMs: 2,
    medianMs: 6,
    deviceMiB: 3,
  });
});
