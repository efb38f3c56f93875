import { createRng } from "@beitjs/tensor-core/random";
import { expect, it } from "vitest";
import { memoryDataset, pixelStatistics } from "./index.ts";

const rng = createRng(4);
const samples = Array.from({ length: 4 * 5 * 3 * 4 }, () => rng.integer(65536));

it.each([8, 16])("are the mean and std of every channel, of %i bits", async (depth) => {
  const values = samples.map((value) => value >> (16 - depth));
  const data = depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
  const images = memoryDataset({ width: 5, height: 3, channels: 4, data, name: String });
  const { mean, std } = await pixelStatistics(images);
  for (let c = 0; c < 4; c++) {
    const own = values.filter((_, i) => i % 4 === c).map((value) => value / (2 ** depth - 1));
    const expected = own.reduce((sum, value) => sum + value, 0) / own.length;
    const variance = own.reduce((sum, value) => sum + (value - expected) ** 2, 0) / own.length;
    expect(mean[c]).toBeCloseTo(expected, 12);
    expect(std[c]).toBeCloseTo(Math.sqrt(variance), 12);
  }
  await expect(pixelStatistics(images, { channels: 3 })).rejects.toThrow("expected an image of 1 or 3 channels, got 4");
});

it("are those of grey where that is asked for, and stop with the signal", async () => {
  const data = Uint8Array.of(10, 20, 30, 50, 50, 50);
  const images = memoryDataset({ width: 2, height: 1, channels: 3, data, name: String });
  const { mean } = await pixelStatistics(images, { channels: 1 });
  expect(mean).toEqual([(18 / 255 + 50 / 255) / 2]);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(pixelStatistics(images, { signal })).rejects.toThrow("enough");
});
