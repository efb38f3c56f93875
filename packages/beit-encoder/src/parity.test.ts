// Tiny models against the official classes (microsoft/unilm, beit/) run in float64, weights filled by formula.
import { afterAll, describe, expect, it } from "vitest";
import { scope, tensor, type Backend, type HostArray, type Tensor } from "@beitjs/tensor-core";
import { argmax, crossEntropy } from "@beitjs/tensor-core/ops";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned } from "@beitjs/tensor-core/testing";
import {
  attentionMaps,
  beitToOfficial,
  beitVariants,
  classLogits,
  encode,
  encodeWithFeatures,
  initBeit,
  loadBeit,
  parameterCount,
  parameterShapes,
  plainTransformer,
  visualTokenLogits,
  type Beit,
  type BeitConfig,
  type HostTensor,
} from "./index.ts";

const simd = await createSimdBackend({ threads: 2 });
const reference = createReferenceBackend();
afterAll(() => simd.dispose());

// The vectors are printed with six decimals, so even exact values differ by 5e-7 from them; simd computes in float32.
const backends: readonly [string, Backend, number][] = [
  ["reference", reference, 1e-6],
  ["simd", simd, 1e-5],
];

const tiny: BeitConfig = {
  ...beitVariants.tiny,
  imageSize: 32,
  patchSize: 8,
  width: 12,
  depth: 2,
  heads: 3,
  vocabSize: 32,
};
const pretraining = tiny;
const plain: BeitConfig = { ...tiny, ...plainTransformer };
const classifier: BeitConfig = { ...tiny, vocabSize: 0, classes: 5, relativePositions: "per-layer" };
const plainClassifier: BeitConfig = { ...plain, vocabSize: 0, classes: 5, pooling: "class" };

/** Weights: 0.2 r(place of the key in the sorted keys, element), plus 1 for norms and 0.5 for layer scales. */
async function filled(config: BeitConfig, backend: Backend): Promise<Beit> {
  const official = await beitToOfficial(initBeit(config, createRng(1), reference));
  const tensors = new Map<string, HostTensor>();
  [...official.keys()].sort().forEach((key, k) => {
    const { shape, data } = official.get(key) as HostTensor;
    const offset = /norm[12]?\.weight$/.test(key) ? 1 : key.includes("gamma_") ? 0.5 : 0;
    tensors.set(key, { shape, data: data.map((_, i) => offset + 0.2 * hashSigned(k, i)) });
  });
  return loadBeit(tensors, config, backend);
}

/** r(1000, i) in the original's order [2, 3, 32, 32], as [2, 32, 32, 3]. */
function pixelsOn(backend: Backend): Tensor {
  const values: number[] = [];
  for (let b = 0; b < 2; b++) {
    for (let at = 0; at < 1024; at++)
      for (let c = 0; c < 3; c++) values.push(hashSigned(1000, (b * 3 + c) * 1024 + at));
  }
  return tensor(values, [2, 32, 32, 3], backend);
}

const masks = [0, 1].map((b) => ({ cells: Uint8Array.from({ length: 16 }, (_, p) => ((p + b) % 3 === 0 ? 1 : 0)) }));
const labels = Array.from({ length: 11 }, (_, j) => (5 * j + 3) % 32);

function expectClose(actual: HostArray, expected: readonly number[], tolerance: number): void {
  expected.forEach((value, i) => expect(Math.abs(actual[i] - value), `[${i}] ${actual[i]}`).toBeLessThan(tolerance));
}

function sum(values: HostArray, power = 1): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] ** power;
  return total;
}

describe.each(backends)("parity on %s", (_, backend, tolerance) => {
  async function checkPretraining(
    config: BeitConfig,
    expected: {
      readonly first: number[];
      readonly last: number[];
      readonly sum: number;
      readonly squares: number;
      readonly loss: number;
      readonly all: number[];
    },
  ): Promise<Int32Array> {
    const beit = await filled(config, backend);
    return scope(backend, () => {
      const encoded = encode(beit, pixelsOn(backend), { mask: masks });
      const logits = visualTokenLogits(beit, encoded, masks);
      expect(logits.shape).toEqual([11, 32]);
      const values = logits.readSync();
      expectClose(values, expected.first, tolerance);
      expectClose(values.subarray(320), expected.last, tolerance);
      // Sums of 352 values, errors of either sign.
      expect(Math.abs(sum(values) - expected.sum)).toBeLessThan(10 * tolerance);
      expect(Math.abs(sum(values, 2) - expected.squares)).toBeLessThan(10 * tolerance);
      const loss = crossEntropy(logits, tensor(labels, [11], backend, "int32")).readSync();
      expect(Math.abs(loss[0] - expected.loss)).toBeLessThan(tolerance);
      const all = visualTokenLogits(beit, encoded);
      expect(all.shape).toEqual([2, 16, 32]);
      expectClose(all.readSync().subarray((16 + 7) * 32), expected.all, tolerance);
      return Int32Array.from(argmax(logits).readSync());
    });
  }

  it("A: pre-training with shared relative positions and layer scale", async () => {
    expect([...parameterShapes(pretraining).keys()]).toHaveLength(39);
    expect(parameterCount(pretraining)).toBe(6728);
    await checkPretraining(pretraining, {
      first: [-0.346863, 0.42956, 0.282801, 0.188335, -0.100965, -0.805261],
      last: [-0.348278, 0.36119, 0.215877, 0.133918, -0.037375, -0.749047],
      sum: -27.718906,
      squares: 80.172301,
      loss: 3.71279044,
      all: [-0.086223, -0.152932, 0.543292, 0.673711],
    });
  });

  it("B: pre-training with absolute positions, no layer scale", async () => {
    expect([...parameterShapes(plain).keys()]).toHaveLength(35);
    expect(parameterCount(plain)).toBe(6728);
    const predicted = await checkPretraining(plain, {
      first: [0.406236, -0.041979, -0.557075, 0.502743, 0.468675, -0.150442],
      last: [0.521491, 0.17043, -0.662564, -0.283903, 0.283843, -0.258696],
      sum: 21.262543,
      squares: 54.817943,
      loss: 3.29951304,
      all: [0.016276, 0.158488, 0.507011, 0.145316],
    });
    expect([...predicted]).toEqual([14, 6, 9, 0, 8, 15, 18, 0, 18, 18, 18]);
  });

  it("C: classifier with relative positions per layer, mean pooling", async () => {
    expect([...parameterShapes(classifier).keys()]).toHaveLength(39);
    expect(parameterCount(classifier)).toBe(6521);
    const beit = await filled(classifier, backend);
    scope(backend, () => {
      const { encoded, features } = encodeWithFeatures(beit, pixelsOn(backend));
      const logits = classLogits(beit, encoded);
      expect(logits.shape).toEqual([2, 5]);
      const expected = [
        -0.383362, 0.102785, -0.147873, 0.248828, -0.4352, -0.857561, 0.020067, 0.188288, 0.09985, 0.063325,
      ];
      expectClose(logits.readSync(), expected, tolerance);
      const [first, second] = features.map((feature) => feature.readSync());
      expect(Math.abs(sum(first) - -29.712065)).toBeLessThan(10 * tolerance);
      expect(Math.abs(sum(second) - -29.092974)).toBeLessThan(10 * tolerance);
      expectClose(first, [0.105007, -0.087597, -0.319047, -0.164734], tolerance);
      expectClose(second.subarray((17 + 5) * 12), [2.641261, 0.027207, -0.863288, -1.223075], tolerance);
    });
  });

  it("C: attention of the last layer", async () => {
    const beit = await filled(classifier, backend);
    const maps = scope(backend, () =>
      attentionMaps(beit, pixelsOn(backend), { patches: [0, 5] }).map((map) => ({
        shape: map.shape,
        values: map.readSync(),
      })),
    );
    expect(maps).toHaveLength(1);
    expect(maps[0].shape).toEqual([2, 3, 2, 17]);
    const row = maps[0].values.subarray(17, 34);
    const patches = [
      0.054486, 0.065904, 0.06444, 0.059574, 0.054662, 0.063081, 0.057472, 0.058797, 0.056726, 0.053896, 0.053191,
      0.056267, 0.058079, 0.055246, 0.061113, 0.05094,
    ];
    expectClose(row, [0.076126, ...patches], tolerance);
  });

  it("D: classifier with absolute positions, class token", async () => {
    expect([...parameterShapes(plainClassifier).keys()]).toHaveLength(34);
    expect(parameterCount(plainClassifier)).toBe(6365);
    const beit = await filled(plainClassifier, backend);
    scope(backend, () => {
      const logits = classLogits(beit, encode(beit, pixelsOn(backend)));
      const expected = [
        0.659411, 0.02935, -0.54115, -0.488571, 0.294209, 0.674621, -0.017559, -0.520645, -0.456041, 0.316605,
      ];
      expectClose(logits.readSync(), expected, tolerance);
    });
  });
});

it("runs on kernels alone", () => expect([...simd.fallbacks]).toEqual([]));
