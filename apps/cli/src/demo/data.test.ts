// The data that comes along, and hashes of images.
import { memoryDataset, requireLabels } from "@beitjs/trainers";
import { openDataset } from "@beitjs/trainers/node";
import { describe, expect, it } from "vitest";
import { hashImages, shippedSets } from "./data.ts";

describe("shippedSets", () => {
  it("holds the promised images, and they are what they were", async () => {
    const [train, test] = [
      await openDataset(shippedSets.fashion, { split: "train" }),
      await openDataset(shippedSets.fashion, { split: "test" }),
    ];
    expect([train.length, test.length]).toEqual([12_000, 2_000]);
    expect(requireLabels(train)).toHaveLength(10);
    expect(await hashImages(train)).toBe("10510efb54015881345ff3ca907fcbbd6fb64258bb3492fe3cbf328159dec93b");
    expect(await hashImages(test)).toBe("77288e5fe08a3f67074e10560d7f1f429327518a36bd8366d707db54af33cc73");
  });
});

describe("hashImages", () => {
  const dataset = (data: number[], labels: number[], width = 2) =>
    memoryDataset({
      width,
      height: 1,
      channels: 1,
      data: Uint8Array.from(data),
      labels: Uint8Array.from(labels),
      classes: ["a", "b"],
      name: String,
    });

  it("depends on pixels, labels, order and shape, and on nothing else", async () => {
    const base = await hashImages(dataset([1, 2, 3, 4], [0, 1]));
    expect(await hashImages(dataset([1, 2, 3, 4], [0, 1]))).toBe(base);
    const others = [
      dataset([1, 2, 3, 5], [0, 1]),
      dataset([1, 2, 3, 4], [1, 0]),
      dataset([3, 4, 1, 2], [1, 0]),
      dataset([1, 2, 3, 4], [0], 4),
    ];
    const hashes = await Promise.all(others.map((one) => hashImages(one)));
    expect(new Set([base, ...hashes]).size).toBe(5);
  });

  it("stops when told to", async () => {
    const stopped = AbortSignal.abort(new Error("stopped"));
    await expect(hashImages(dataset([1, 2], [0]), stopped)).rejects.toThrow("stopped");
  });
});
