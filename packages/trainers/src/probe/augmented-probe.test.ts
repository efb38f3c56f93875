// The augmented probe on a tiny encoder: it learns what is there, repeats itself, and no classifier feels another beside it.
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashUniform } from "@beitjs/tensor-core/testing";
import { encoderConfig, initBeit } from "@beitjs/beit-encoder";
import { createRng } from "@beitjs/tensor-core/random";
import { afterAll, describe, expect, it } from "vitest";
import { memoryDataset, subset, type Dataset } from "../data/index.ts";
import { pretrainingConfig } from "../recipes/pretraining-config.ts";
import { tinyEvalView, tinyPretrain } from "../testing.ts";
import { augmentedBatch, augmentedProbe, trainClassifiers } from "./augmented-probe.ts";
import { blockFeatures } from "./features.ts";

const backend = await createSimdBackend({ threads: 1 });
afterAll(() => backend.dispose());
const beit = initBeit(encoderConfig(pretrainingConfig(tinyPretrain)), createRng(1), backend, { std: 0.2 });
const images = shades(96);
const [train, test] = [subset(images, range(0, 64)), subset(images, range(64, 96))];
const view = tinyEvalView;
const given = { view, epochs: 2, rates: [1e-3, 1e-2], seed: 5 };

/** Noise, around darker and brighter middles: what a mirrored crop leaves. */
function shades(length: number): Dataset {
  const data = Uint8Array.from({ length: length * 64 }, (_, at) => {
    const bright = Math.floor(at / 64) % 2 === 1;
    return (bright ? 90 : 20) + Math.floor(140 * hashUniform(7, at));
  });
  const labels = Uint8Array.from({ length }, (_, i) => i % 2);
  const name = (i: number) => `shade#${i}`;
  return memoryDataset({ width: 8, height: 8, channels: 1, data, labels, classes: ["dark", "bright"], name });
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

const tests = (blocks: readonly number[]) => blockFeatures(beit, test, { view, blocks });
const trained = (blocks: readonly number[], rates: readonly number[], batchSize = 64) =>
  trainClassifiers(beit, train, { ...given, blocks, rates, batchSize, pooling: "mean", rows: 4 });

describe("augmentedProbe", () => {
  it("learns classes that can be told apart, and says which rate the held-out images chose", async () => {
    const [scores] = await augmentedProbe(beit, train, await tests([1]), {
      ...{ ...given, blocks: [1], epochs: 15 },
      rates: [1e-7, 2e-2],
    });
    expect(scores.accuracy).toBeGreaterThan(0.8);
    expect(scores.rate).toBe(2e-2);
    expect(scores.heldOutAccuracy).toBeGreaterThan(0.6);
    expect(scores.confusion.flat().reduce((a, b) => a + b)).toBe(32);
  });

  it("says the same again, with other batches of the encoder, and something else with another seed", async () => {
    const of = async (other: object) => augmentedProbe(beit, train, await tests([0, 1]), { ...given, ...other });
    const scores = await of({});
    expect(scores).toHaveLength(2);
    expect(await of({})).toEqual(scores);
    expect(await of({ batchSize: 7 })).toEqual(scores);
    const [[a], [b]] = [await trained([1], [1e-2]), await trained([1], [1e-2], 5)];
    expect(b).toEqual(a);
    const [other] = await trainClassifiers(beit, train, {
      ...{ ...given, seed: 6, blocks: [1], rates: [1e-2], batchSize: 64, pooling: "mean", rows: 4 },
    });
    expect(other[0].weights).not.toEqual(a[0].weights);
  });

  it("trains a classifier to the same bits alone and beside others", async () => {
    const all = await trained([0, 1], [1e-3, 1e-2, 0.1]);
    for (const block of [0, 1]) {
      const [[alone]] = await trained([block], [1e-2]);
      expect(all[block][1]).toEqual(alone);
    }
    expect(all[0][0].weights).not.toEqual(all[0][1].weights);
  });

  it("holds nothing out for one rate, nor where every class has one image", async () => {
    const [one] = await augmentedProbe(beit, train, await tests([1]), { ...given, blocks: [1], rates: [1e-2] });
    expect([one.rate, one.heldOutAccuracy]).toEqual([1e-2, undefined]);
    const rates = [1e-3, 1e-2, 0.1];
    const [few] = await augmentedProbe(beit, subset(images, [0, 1]), await tests([1]), {
      ...{ ...given, blocks: [1], rates },
    });
    expect([few.rate, few.heldOutAccuracy]).toEqual([1e-2, undefined]);
  });

  it("refuses one class, no rate, tables of other blocks, and views of another size", async () => {
    const two = await tests([0, 1]);
    const same = subset(images, [0, 2, 4]);
    await expect(augmentedProbe(beit, same, two, given)).rejects.toThrow("got class 0 alone");
    await expect(augmentedProbe(beit, train, two, { ...given, rates: [] })).rejects.toThrow("at least one rate");
    await expect(augmentedProbe(beit, train, two, { ...given, blocks: [1] })).rejects.toThrow(
      "each of 1 blocks, got 2",
    );
    const larger = { ...given, view: { ...view, size: 10 } };
    await expect(augmentedProbe(beit, train, two, larger)).rejects.toThrow("[augmentedProbe] expected views of");
  });

  it("stops when it is asked to", async () => {
    const controller = new AbortController();
    let seen = 0;
    const onImages = (done: number) => {
      seen = done;
      controller.abort(new Error("asked to stop"));
    };
    const options = { ...given, epochs: 100, batchSize: 8, signal: controller.signal, onImages };
    await expect(augmentedProbe(beit, train, await tests([0, 1]), options)).rejects.toThrow("asked to stop");
    expect(seen).toBeLessThan(64);
  });

  it("has steps of the paper's 1024 images, or 16 an epoch", () => {
    expect([1, 20, 64, 50_000].map(augmentedBatch)).toEqual([1, 1, 4, 1024]);
  });
});
