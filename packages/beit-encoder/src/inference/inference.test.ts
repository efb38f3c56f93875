// Images of any kind into a model by one call: what comes out is what encode and the heads give for the evaluation view.
import { createSimdBackend, type SimdBackend } from "@beitjs/tensor-core/simd";
import { scope, type Tensor } from "@beitjs/tensor-core";
import { createImage, evalView, viewBatch, type Image } from "@beitjs/tensor-core/image";
import { meanTokens } from "@beitjs/tensor-core/ops";
import { createRng } from "@beitjs/tensor-core/random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evalViewFields, type Preprocessing } from "../checkpoint/preprocessing.ts";
import { openBeit, type OpenedBeit } from "../checkpoint/open.ts";
import { saveBeit } from "../checkpoint/save.ts";
import { beitVariants } from "../config.ts";
import { encode, encodeWithFeatures } from "../encoder.ts";
import { classLogits, pooledFeatures } from "../heads.ts";
import { initBeit, initBeitClassifier } from "../init.ts";
import { classify } from "./classify.ts";
import { cosineSimilarity, embed } from "./embed.ts";

const small = { ...beitVariants.tiny, imageSize: 16, patchSize: 8, width: 12, depth: 3, heads: 2 } as const;
const preprocessing: Preprocessing = {
  filter: "bicubic",
  size: 20,
  fit: "shortSide",
  crop: 16,
  mean: [0.4, 0.5, 0.6],
  std: [0.2, 0.3, 0.4],
};
const labels = ["cat", "dog", "bird", "fish", "fly", "elk", "ox"];

let cpu: SimdBackend;
let classifier: OpenedBeit;
let pretrained: OpenedBeit;
let images: Image[];
beforeAll(async () => {
  cpu = await createSimdBackend({ threads: 1 });
  const rng = createRng(5);
  const config = { ...small, vocabSize: 0, classes: labels.length, relativePositions: "per-layer" } as const;
  const open = async (...[beit, facts]: Parameters<typeof saveBeit>) => openBeit(await saveBeit(beit, facts), cpu);
  classifier = await open(initBeitClassifier(config, rng, cpu, { std: 0.3 }), { preprocessing, labels });
  pretrained = await open(initBeit({ ...small, vocabSize: 16 }, rng, cpu, { std: 0.3 }), { preprocessing });
  const noise = (length: number) => Uint8Array.from({ length }, () => rng.integer(256));
  images = [24, 31, 18, 40, 20].map((width, i) =>
    i === 2 ? createImage(width, 24, 1, noise(width * 24)) : createImage(width, 24, 3, noise(width * 72)),
  );
});
afterAll(() => cpu.dispose());

const values = (model: OpenedBeit, image: Image, compute: (pixels: Tensor) => Tensor) =>
  scope(cpu, () =>
    compute(viewBatch([evalView(image, evalViewFields(preprocessing))], model.beit.config, cpu)).readSync("float32"),
  );

const softmax = (logits: Float32Array) => {
  const powers = Array.from(logits, (logit) => Math.exp(logit - Math.max(...logits)));
  return powers.map((power) => power / powers.reduce((a, b) => a + b, 0));
};

describe("classify", () => {
  it("tells each class above one half by itself where an image may have several", async () => {
    const { beit } = classifier;
    const own = await classify({ ...classifier, multiLabel: true }, images, { top: Infinity });
    for (const [i, image] of images.entries()) {
      const logits = values(classifier, image, (pixels) => classLogits(beit, encode(beit, pixels)));
      const likely = Array.from(logits, (logit, number) => ({ number, logit }))
        .filter(({ logit }) => logit > 0)
        .sort((a, b) => b.logit - a.logit);
      expect(own[i].map((guess) => guess.class)).toEqual(likely.map(({ number }) => number));
      expect(own[i].map(({ probability }) => probability)).toEqual(
        likely.map(({ logit }) => 1 / (1 + Math.exp(-logit))),
      );
    }
    expect(own.some((guesses) => guesses.length !== 1)).toBe(true);
  });

  it("tells the most likely classes of each image, whatever the batches", async () => {
    const { beit } = classifier;
    const expected = images.map((image) =>
      softmax(values(classifier, image, (pixels) => classLogits(beit, encode(beit, pixels)))),
    );
    for (const batchSize of [undefined, 1, 2, 5]) {
      const all = await classify(classifier, images, { top: Infinity, batchSize });
      for (const [i, guesses] of all.entries()) {
        expect(guesses.map(({ probability }) => probability)).toEqual(expected[i].toSorted((a, b) => b - a));
        for (const guess of guesses)
          expect(guess).toEqual({
            class: guess.class,
            label: labels[guess.class],
            probability: expected[i][guess.class],
          });
      }
    }
    const probabilities = expected.map((one) => Math.max(...one));
    expect(new Set(probabilities).size).toBe(images.length);
  });

  it("gives one list for one image, five classes by default, labels where they are known", async () => {
    const [all] = await classify(classifier, [images[0]], { top: 7 });
    expect(await classify(classifier, images[0])).toEqual(all.slice(0, 5));
    const { beit } = classifier;
    const [bare] = await classify({ beit, preprocessing }, images[0], { top: 1 });
    expect(bare).toEqual({ class: all[0].class, probability: all[0].probability });
    expect(await classify(classifier, [])).toEqual([]);
  });

  it("says what is wrong, and with which image", async () => {
    await expect(classify(pretrained, images)).rejects.toThrow(
      "[classify] expected a model with classes, got one for pre-training: fine-tune it first",
    );
    await expect(classify(classifier, images, { top: 0 })).rejects.toThrow("expected top to be at least 1, got 0");
    await expect(classify(classifier, images, { batchSize: 1.5 })).rejects.toThrow("[classify] expected a batchSize");
    const bad = { width: 4, height: 4, data: new Uint8Array(17) };
    await expect(classify(classifier, [images[0], bad])).rejects.toThrow(
      "[classify] image 1: [toImage] expected 1 to 4 bytes for each of 4 x 4 pixels, got 17 bytes",
    );
    await expect(classify(classifier, new Uint8Array(8))).rejects.toThrow(
      'got (bytes) without one: pass { decode: decodeImage } from "@beitjs/trainers/node"',
    );
  });

  it("names the file that prepares images at another size, unless the model is opened at that one", async () => {
    const config = { ...small, vocabSize: 0, classes: labels.length, relativePositions: "per-layer" } as const;
    const other = { ...preprocessing, size: 40, crop: 32 };
    const file = await saveBeit(initBeitClassifier(config, createRng(6), cpu), { preprocessing: other });
    const opened = await openBeit(file, cpu);
    await expect(classify(opened, images[0])).rejects.toThrow(
      "[classify] expected images to be prepared at the model's size of 16, got 32 (preprocessor_config.json",
    );
    const larger = await openBeit(file, cpu, { imageSize: 32, tableResizing: "bilinear" });
    expect(larger.preprocessing).toEqual(other);
    expect(await classify(larger, images[0])).toHaveLength(5);
    for (const one of [opened, larger]) one[Symbol.dispose]();
  });

  it("stops between batches, and leaves no tensor behind", async () => {
    const before = cpu.memory().tensors;
    const controller = new AbortController();
    let decoded = 0;
    const decode = async () => {
      if (++decoded === 2) controller.abort(new Error("enough"));
      return images[0];
    };
    const files = images.map(() => new Uint8Array(1));
    const { signal } = controller;
    await expect(classify(classifier, files, { decode, signal, batchSize: 2 })).rejects.toThrow("enough");
    expect(decoded).toBe(2);
    expect(cpu.memory().tensors).toBe(before);
  });
});

describe("embed", () => {
  it.each(["classifier", "pretrained"] as const)("pools as the heads do, and otherwise: %s", async (name) => {
    const model = { classifier, pretrained }[name];
    const { beit } = model;
    const encoded = (pixels: Tensor) => encode(beit, pixels);
    const one = async (options: Parameters<typeof embed>[2]) =>
      (await embed(model, [images[1], images[2]], options))[1];
    const tokens = values(model, images[2], encoded);
    expect(await one({})).toEqual(values(model, images[2], (x) => pooledFeatures(beit, encoded(x))));
    expect(await one({ pooling: "mean" })).toEqual(values(model, images[2], (x) => meanTokens(encoded(x))));
    expect(await one({ pooling: "class" })).toEqual(tokens.slice(0, 12));
    expect(await one({ pooling: "none" })).toEqual(tokens);
    const inner = (x: Tensor) => encodeWithFeatures(beit, x, { blocks: [1] }).features[0];
    expect(await one({ layer: 1 })).toEqual(values(model, images[2], (x) => meanTokens(inner(x))));
    expect(await one({ layer: 1, pooling: "none" })).toEqual(values(model, images[2], inner));
  });

  it("gives a vector for one image, and scales to length 1 where that is asked for", async () => {
    const plain = await embed(classifier, images[3]);
    const unit = await embed(classifier, images[3], { normalize: true });
    const length = Math.hypot(...plain);
    expect(length).not.toBeCloseTo(1, 2);
    expect(Math.hypot(...unit)).toBeCloseTo(1, 6);
    for (const [i, value] of unit.entries()) expect(value).toBeCloseTo(plain[i] / length, 6);
    const tokens = await embed(classifier, images[3], { pooling: "none", normalize: true });
    for (let t = 0; t < 5; t++) expect(Math.hypot(...tokens.slice(12 * t, 12 * t + 12))).toBeCloseTo(1, 6);
  });

  it("refuses layers and poolings that are not there", async () => {
    await expect(embed(classifier, images, { layer: 3 })).rejects.toThrow("[embed] expected blocks in [0, 3), got 3");
    await expect(embed(classifier, images, { layer: 1, pooling: "model" })).rejects.toThrow("got model");
    const pooling = "cls" as never;
    await expect(embed(classifier, images, { pooling })).rejects.toThrow("expected pooling model, mean, class or none");
  });

  it("says so where weights are damaged", async () => {
    using broken = await openBeit(await saveBeit(classifier.beit, { preprocessing }), cpu);
    const { storage } = broken.beit.params.blocks[0].attention.qkv.weight;
    cpu.write(storage.handle, new Float32Array(12 * 36).fill(NaN));
    await expect(embed(broken, images[0])).rejects.toThrow("[embed] expected finite numbers from the model");
  });
});

it("an opened model frees its parameters at the end of its block", async () => {
  const before = cpu.memory().tensors;
  const bytes = await saveBeit(classifier.beit, { preprocessing });
  {
    using model = await openBeit(bytes, cpu);
    expect(cpu.memory().tensors).toBeGreaterThan(before);
    expect(await classify(model, images[0])).toHaveLength(5);
  }
  expect(cpu.memory().tensors).toBe(before);
});

describe("cosineSimilarity", () => {
  it("is of directions alone", () => {
    expect(cosineSimilarity([1, 2, 2], [2, 4, 4])).toBeCloseTo(1, 15);
    expect(cosineSimilarity(Float32Array.of(1, 0), [0, 3])).toBe(0);
    expect(cosineSimilarity([1, 1], [-2, -2])).toBeCloseTo(-1, 15);
    expect(cosineSimilarity([3, 4], [4, 3])).toBeCloseTo(24 / 25, 15);
    expect(cosineSimilarity([0, 0], [1, 1])).toBe(0);
    expect(() => cosineSimilarity([1], [1, 2])).toThrow("expected vectors of one size, got 1 and 2");
  });
});
