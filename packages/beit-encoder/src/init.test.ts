import { describe, expect, it } from "vitest";
import { leafAt, leaves, type HostArray, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { beitVariants, initBeit, initBeitClassifier, parameterShapes, type Beit, type BeitConfig } from "./index.ts";

const backend = createReferenceBackend();
const config: BeitConfig = {
  ...beitVariants.tiny,
  imageSize: 32,
  patchSize: 8,
  width: 96,
  depth: 3,
  heads: 3,
  vocabSize: 64,
};
const classifier: BeitConfig = {
  ...config,
  vocabSize: 0,
  classes: 50,
  relativePositions: "per-layer",
  layerScale: 1e-5,
};

const values = (beit: Beit, path: string) => (leafAt<Tensor>(beit.params, path) as Tensor).readSync();

function spread(values: HostArray): { std: number; largest: number } {
  let squares = 0;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    squares += values[i] ** 2;
    largest = Math.max(largest, Math.abs(values[i]));
  }
  return { std: Math.sqrt(squares / values.length), largest };
}

// Within five standard errors of a normal's deviation, 1 / sqrt(2 n); a cut or uniform one varies less.
function expectStd(found: HostArray, std: number): void {
  expect(Math.abs(spread(found).std / std - 1)).toBeLessThan(5 / Math.sqrt(2 * found.length));
}

describe("initBeit", () => {
  const beit = initBeit({ ...config, absolutePositions: true }, createRng(7), backend);

  it("makes the tree of the shapes", () => {
    const found = leaves<Tensor>(beit.params).map(([path, leaf]) => [path, leaf.shape]);
    expect(found).toEqual([...parameterShapes(beit.config)]);
    expect(beit.params.blocks).toHaveLength(3);
    expect(Array.isArray(beit.params.blocks)).toBe(true);
  });

  it("cuts matrices and tokens at one deviation of 0.02", () => {
    for (const path of [
      "patchEmbedding.weight",
      "classToken",
      "maskToken",
      "positions",
      "visualTokenHead.weight",
      "blocks.0.attention.qkv.weight",
      "blocks.2.mlp.expand.weight",
    ]) {
      expectStd(values(beit, path), 0.0107912);
      expect(spread(values(beit, path)).largest, path).toBeLessThanOrEqual(Math.fround(0.02));
    }
  });

  it("scales the output matrices of layer l by 1 / sqrt(2 l)", () => {
    for (const layer of [1, 2, 3]) {
      for (const path of ["attention.projection.weight", "mlp.contract.weight"]) {
        expectStd(values(beit, `blocks.${layer - 1}.${path}`), 0.0107912 / Math.sqrt(2 * layer));
      }
    }
  });

  it("starts biases and tables at zero, norms at one, layer scales at the config's", () => {
    const constants: [RegExp, number][] = [
      [/gamma$/, 1],
      [/beta$|[bB]ias$/, 0],
      [/scale[12]$/, Math.fround(0.1)],
    ];
    for (const [pattern, expected] of constants) {
      const matching = leaves<Tensor>(beit.params).filter(([path]) => pattern.test(path));
      expect(matching.length).toBeGreaterThan(5);
      for (const [path, leaf] of matching) expect(new Set(leaf.readSync()), path).toEqual(new Set([expected]));
    }
  });

  it("repeats with the seed", () => {
    const again = initBeit(beit.config, createRng(7), backend);
    const other = initBeit(beit.config, createRng(8), backend);
    expect(values(again, "blocks.1.mlp.contract.weight")).toEqual(values(beit, "blocks.1.mlp.contract.weight"));
    expect(values(other, "classToken")).not.toEqual(values(beit, "classToken"));
  });

  it("names the part of the config that is wrong", () => {
    expect(() => initBeit({ ...config, heads: 5 }, createRng(1), backend)).toThrow(
      "[initBeit] expected heads to be a divisor of width 96, got 5",
    );
  });
});

describe("initBeitClassifier", () => {
  const beit = initBeitClassifier(classifier, createRng(7), backend);

  it("draws matrices from a whole normal", () => {
    for (const path of ["classToken", "blocks.0.attention.qkv.weight", "blocks.2.mlp.expand.weight"])
      expectStd(values(beit, path), 0.02);
    expect(spread(values(beit, "blocks.0.attention.qkv.weight")).largest).toBeGreaterThan(0.06);
    expectStd(values(beit, "blocks.2.mlp.contract.weight"), 0.02 / Math.sqrt(6));
  });

  it("leaves the patch embedding uniform and the class head tiny", () => {
    const bound = 1 / Math.sqrt(8 * 8 * 3);
    for (const path of ["patchEmbedding.weight", "patchEmbedding.bias"]) {
      expectStd(values(beit, path), bound / Math.sqrt(3));
      expect(spread(values(beit, path)).largest).toBeLessThanOrEqual(bound);
    }
    expectStd(values(beit, "classHead.weight"), 2e-5);
    expect(new Set(values(beit, "classHead.bias"))).toEqual(new Set([0]));
    expect(new Set(values(beit, "blocks.1.scale2"))).toEqual(new Set([Math.fround(1e-5)]));
  });

  it("needs classes", () => {
    expect(() => initBeitClassifier(config, createRng(1), backend)).toThrow(
      "[initBeitClassifier] expected classes above 0, got 0",
    );
  });
});
