// Probes on made-up features: what is refused, what may not matter (blocks, batches, threads, order), and that they find what is there.
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashUniform } from "@beitjs/tensor-core/testing";
import { encoderConfig, initBeit } from "@beitjs/beit-encoder";
import { createRng } from "@beitjs/tensor-core/random";
import { afterAll, describe, expect, it } from "vitest";
import { memoryDataset, subset } from "../data/index.ts";
import { pretrainingConfig } from "../recipes/pretraining-config.ts";
import { tinyEvalView, tinyImages, tinyPretrain, tinyVisible } from "../testing.ts";
import { standardize, takeRows, type FeatureTable } from "./feature-table.ts";
import { blockFeatures, pixelFeatures } from "./features.ts";
import { drawFewLabels } from "./few-labels.ts";
import { linearProbe } from "./linear-probe.ts";
import { neighborPredictions, neighborScores } from "./nearest-neighbors.ts";
import { createNearest } from "./running-nearest.ts";
import { meanAndSpread } from "./scores.ts";

const one = await createSimdBackend({ threads: 1 });
const two = await createSimdBackend({ threads: 2 });
afterAll(() => [one, two].forEach((backend) => backend.dispose()));

/** Rows around a center for each class, which lie apart; noise in the other columns. */
function clusters(rows: number, { width = 6, classes = 3, seed = 1 } = {}): FeatureTable {
  const labels = Int32Array.from({ length: rows }, (_, i) => i % classes);
  const values = Float32Array.from({ length: rows * width }, (_, at) => {
    const [i, j] = [Math.floor(at / width), at % width];
    return (j === i % classes ? 2 : 0) + 3 * (hashUniform(seed, at) - 0.5);
  });
  return { values, width, labels };
}

describe("linearProbe", () => {
  const [train, test] = [clusters(240), clusters(300, { seed: 2 })];

  it("learns what is there, and says by which strength", async () => {
    const scores = await linearProbe(train, test, { seed: 0 });
    expect(scores.accuracy).toBeGreaterThan(0.8);
    expect(scores.accuracy).toBeLessThan(1);
    expect(scores.converged).toBe(true);
    expect(scores.heldOutAccuracy).toBeGreaterThan(0.75);
    expect(scores.confusion.map((row) => row.reduce((a, b) => a + b))).toEqual([100, 100, 100]);
    expect(await linearProbe(train, test, { seed: 0 })).toEqual(scores);
  });

  it("does not depend on the scale and the place of a column, nor on one that never changes", async () => {
    const stretched = ({ values, labels }: FeatureTable) => ({
      values: Float32Array.from({ length: 7 * labels.length }, (_, at) =>
        at % 7 === 6 ? 5 : values[6 * Math.floor(at / 7) + (at % 7)] * 2 ** (at % 7) - 3,
      ),
      width: 7,
      labels,
    });
    const plain = await linearProbe(train, test, { seed: 0 });
    const other = await linearProbe(stretched(train), stretched(test), { seed: 0 });
    expect([other.confusion, other.l2]).toEqual([plain.confusion, plain.l2]);
  });

  it("takes labels with gaps, and never answers with a class that it has not seen", async () => {
    const gaps = ({ labels, ...table }: FeatureTable) => ({
      ...table,
      labels: labels.map((label) => [1, 4, 7][label]),
    });
    const { accuracy, confusion } = await linearProbe(gaps(train), gaps(test), { seed: 0 });
    expect(accuracy).toBe((await linearProbe(train, test, { seed: 0 })).accuracy);
    expect(confusion[1][0] + confusion[1][2] + confusion[1][3]).toBe(0);
    const without = takeRows(
      train,
      [...train.labels.keys()].filter((i) => train.labels[i] !== 1),
    );
    const missing = await linearProbe(without, test, { seed: 0 });
    expect(missing.confusion[1][1]).toBe(0);
  });

  it("reaches the minimum in few steps where columns are nearly one another, of one block of columns and of several", async () => {
    const alike = (table: FeatureTable, width: number): FeatureTable => {
      const values = Float32Array.from({ length: width * table.labels.length }, (_, at) => {
        const [i, j] = [Math.floor(at / width), at % width];
        return table.values[6 * i + (j % 6)] + 0.01 * hashUniform(9, at);
      });
      return { ...table, values, width };
    };
    for (const width of [60, 600]) {
      const options = { seed: 0, l2: [1e-4], backend: one };
      const scores = await linearProbe(alike(train, width), alike(test, width), options);
      expect(scores.converged).toBe(true);
      expect(scores.iterations).toBeLessThan(150);
    }
  });

  it("gives the same where a backend multiplies, with any number of threads", async () => {
    const [many, others] = [clusters(6000, { width: 60 }), clusters(600, { width: 60, seed: 2 })];
    const scores = await linearProbe(many, others, { seed: 0, l2: [0.1, 0.01, 0.001], backend: one });
    expect(await linearProbe(many, others, { seed: 0, l2: [0.1, 0.01, 0.001], backend: two })).toEqual(scores);
    const host = await linearProbe(many, others, { seed: 0, l2: [0.1, 0.01, 0.001] });
    expect(scores.converged && host.converged).toBe(true);
    expect([scores.l2, scores.heldOutAccuracy]).toEqual([host.l2, host.heldOutAccuracy]);
    expect(scores.accuracy).toBeCloseTo(host.accuracy, 2);
  });

  it("works with one row a class, where nothing can be held out", async () => {
    const scores = await linearProbe(takeRows(train, [0, 1, 2]), test, { seed: 0 });
    expect(scores.l2).toBeCloseTo(1 / 3, 12);
    expect(scores.heldOutAccuracy).toBeUndefined();
    expect(scores.accuracy).toBeGreaterThan(0.34);
  });

  it("refuses one class, other widths and numbers that are none", async () => {
    const alone = takeRows(train, [0, 3, 6]);
    await expect(linearProbe(alone, test, { seed: 0 })).rejects.toThrow(
      "[linearProbe] expected rows of at least 2 classes to learn from, got class 0 alone",
    );
    await expect(linearProbe(train, clusters(9, { width: 5 }), { seed: 0 })).rejects.toThrow(
      "of one width, got 6 and 5",
    );
    const values = test.values.map((value, i) => (i === 13 ? Number.NaN : value));
    await expect(linearProbe(train, { ...test, values }, { seed: 0 })).rejects.toThrow(
      "finite features, got NaN in row 2",
    );
  });
});

describe("neighbors", () => {
  const [train, test] = [clusters(700), clusters(90, { seed: 2 })];
  const options = { k: 5, temperature: 0.07, backend: one };

  // Blocks are of 4096 and 512 rows.
  const many = clusters(5000, { width: 4 });
  const queries = clusters(600, { width: 4, seed: 3 });

  it("are those of the whole matrix, over several blocks", async () => {
    const { predicted } = await neighborPredictions(many, queries, options);
    const unit = ({ values, width }: FeatureTable, i: number) => {
      const row = values.subarray(i * width, (i + 1) * width);
      const length = Math.hypot(...row);
      return Array.from(row, (value) => value / length);
    };
    const rows = Array.from({ length: 5000 }, (_, i) => unit(many, i));
    const differing = Array.from({ length: 600 }, (_, q) => {
      const query = unit(queries, q);
      const near = rows
        .map((row, i) => ({ i, similarity: row.reduce((sum, value, j) => sum + value * query[j], 0) }))
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, 5);
      const votes = [0, 0, 0];
      for (const { i, similarity } of near) votes[many.labels[i]] += Math.exp(similarity / 0.07);
      return votes.indexOf(Math.max(...votes)) === predicted[q];
    });
    // Similarities that float32 cannot tell apart may be taken the other way round.
    expect(differing.filter((same) => !same).length).toBeLessThan(3);
  });

  it("do not depend on threads, nor on where a row stands in its block", async () => {
    const all = await neighborPredictions(many, queries, options);
    expect(await neighborPredictions(many, queries, { ...options, backend: two })).toEqual(all);
    const last = takeRows(queries, [597, 598, 599]);
    expect((await neighborPredictions(many, last, options)).probabilities).toEqual(all.probabilities.slice(-9));
  });

  it("leave the row itself out", async () => {
    const itself = await neighborScores(train, train, { ...options, k: 1 });
    expect(itself.accuracy).toBe(1);
    const without = await neighborScores(train, train, { ...options, k: 1, leaveOneOut: true });
    expect(without.accuracy).toBeLessThan(0.99);
    const twins = takeRows(train, [0, 1, 0, 1]);
    expect((await neighborScores(twins, twins, { ...options, k: 1, leaveOneOut: true })).accuracy).toBe(1);
  });

  it("give a draw to the smaller class, and zeros to the smallest", async () => {
    const rows = { values: Float32Array.of(1, 0, 1, 0, 0, 1), width: 2, labels: Int32Array.of(2, 1, 0) };
    const query = { values: Float32Array.of(1, 0, 0, 0), width: 2, labels: Int32Array.of(1, 0) };
    const { predicted, probabilities } = await neighborPredictions(rows, query, { ...options, k: 2 });
    expect(Array.from(predicted)).toEqual([1, 1]);
    expect(Array.from(probabilities.subarray(0, 3))).toEqual([0, 0.5, 0.5]);
  });

  it("refuse a k that is more than there is, and a class alone", async () => {
    const few = takeRows(train, [0, 1, 2]);
    await expect(neighborPredictions(few, test, { ...options, k: 4 })).rejects.toThrow(
      "expected k of 1 to 3, the images to learn from, got 4",
    );
    await expect(neighborPredictions(few, few, { ...options, k: 3, leaveOneOut: true })).rejects.toThrow("k of 1 to 2");
    await expect(neighborPredictions(takeRows(train, [0, 3]), test, { ...options, k: 1 })).rejects.toThrow(
      "class 0 alone",
    );
    await expect(neighborPredictions(train, test, { ...options, temperature: 0 })).rejects.toThrow("above 0, got 0");
  });
});

it("a running list keeps the most similar, of equals the first", () => {
  const similarities = Float32Array.from({ length: 400 }, (_, i) => Math.floor(20 * hashUniform(7, i)) / 20);
  const expected = [...similarities.keys()].sort((a, b) => similarities[b] - similarities[a] || a - b);
  for (const k of [1, 2, 5, 8, 20]) {
    const found = createNearest(1, k);
    for (let from = 0; from < 400; from += 100)
      found.offer(0, similarities, { at: from, count: 100, from, except: -1 });
    expect(Array.from(found.sorted().indices)).toEqual(expected.slice(0, k));
  }
});

it("standardize gives mean 0 and deviation 1, and 0 where nothing changes", () => {
  const table = { values: Float32Array.of(1, 7, 3, 7), width: 2, labels: Int32Array.of(0, 1) };
  const { train, others } = standardize(table, [{ ...table, values: Float32Array.of(5, 8, 1, 7) }]);
  expect(Array.from(train.values)).toEqual([-1, 0, 1, 0]);
  expect(Array.from(others[0].values)).toEqual([3, 0, -1, 0]);
});

it("a spread is that of a sample", () => {
  expect(meanAndSpread([1, 2, 3])).toEqual({ mean: 2, spread: 1 });
  expect(meanAndSpread([0.5])).toEqual({ mean: 0.5, spread: 0 });
});

describe("few labels", () => {
  it("draw every class as often, other images each time, and name each image once", () => {
    const images = tinyImages(24);
    const { images: needed, draws } = drawFewLabels(images, { perClass: 3, tries: 4, seed: 5 });
    expect(new Set(needed).size).toBe(needed.length);
    for (const draw of draws) {
      const labels = draw.map((place) => images.label(needed[place]));
      expect(labels.filter((label) => label === 0)).toHaveLength(3);
      expect(labels).toHaveLength(6);
    }
    expect(new Set(draws.map(String)).size).toBe(4);
    expect(drawFewLabels(images, { perClass: 3, tries: 4, seed: 5 }).draws).toEqual(draws);
  });
});

describe("features", () => {
  const images = tinyImages(11);
  const beitOn = (backend: typeof one) => initBeit(tinyPretrain.model, createRng(4), backend, { std: 0.3 });

  it("of all blocks are those of each, whatever batches and threads", async () => {
    const tables = await blockFeatures(beitOn(one), images, { view: tinyEvalView, batchSize: 11 });
    expect(tables).toHaveLength(tinyPretrain.model.depth);
    expect(tables[0].values.some((value, i) => value !== tables[1].values[i])).toBe(true);
    expect(Array.from(tables[1].labels)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
    const alone = await blockFeatures(beitOn(two), images, { view: tinyEvalView, batchSize: 3, blocks: [1] });
    expect(alone).toEqual([tables[1]]);
    const turned = await blockFeatures(beitOn(one), images, { view: tinyEvalView, blocks: [1, 0] });
    expect(turned).toEqual(tables.slice(0, 2));
  });

  it("of an encoder of visible patches are of all patches, its decoder aside", async () => {
    const config = pretrainingConfig(tinyVisible);
    const beit = initBeit(config, createRng(4), one, { std: 0.3 });
    const tables = await blockFeatures(beit, images, { view: tinyEvalView });
    expect(tables.map(({ width }) => width)).toEqual(new Array(config.depth).fill(config.width));
    const bare = { config: encoderConfig(config), params: beit.params };
    expect(await blockFeatures(bare, images, { view: tinyEvalView })).toEqual(tables);
  });

  it("of both kinds are the class token, then the mean", async () => {
    const of = (pooling: "mean" | "class" | "both") =>
      blockFeatures(beitOn(one), images, { view: tinyEvalView, blocks: [0], pooling });
    const [[both], [mean], [token]] = [await of("both"), await of("mean"), await of("class")];
    const { width } = tinyPretrain.model;
    expect(both.width).toBe(2 * width);
    for (const row of [0, 10]) {
      const [classPart, meanPart] = [0, width].map((at) =>
        both.values.slice(row * 2 * width + at, row * 2 * width + at + width),
      );
      expect(classPart).toEqual(token.values.slice(row * width, (row + 1) * width));
      expect(meanPart).toEqual(mean.values.slice(row * width, (row + 1) * width));
    }
  });

  it("leave no tensors behind", async () => {
    const beit = beitOn(one);
    await blockFeatures(beit, images, { view: tinyEvalView });
    const before = one.memory().tensors;
    await blockFeatures(beit, images, { view: tinyEvalView, pooling: "both" });
    await neighborScores(clusters(60), clusters(9), { k: 3, backend: one });
    expect(one.memory().tensors).toBe(before);
  });

  it("of pixels are the view's values", async () => {
    const table = await pixelFeatures(images, { view: tinyEvalView, batchSize: 4 });
    expect(table.values).toHaveLength(11 * table.width);
    const [last] = [await pixelFeatures(subset(images, [9, 10]), { view: tinyEvalView })];
    expect(last.values).toEqual(table.values.slice(-2 * table.width));
  });

  it("refuse images without classes and blocks that are not there", async () => {
    const bare = memoryDataset({ width: 8, height: 8, channels: 1, data: new Uint8Array(128), name: String });
    await expect(blockFeatures(beitOn(one), bare, { view: tinyEvalView })).rejects.toThrow(
      "expected a dataset with classes",
    );
    await expect(blockFeatures(beitOn(one), images, { view: tinyEvalView, blocks: [9] })).rejects.toThrow(
      "expected blocks in [0,",
    );
  });
});
