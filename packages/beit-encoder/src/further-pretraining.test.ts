// From a trained model back to pre-training, and heads that are kept row by row.
import { leaves, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { describe, expect, it } from "vitest";
import { toClassifier } from "./classifier.ts";
import type { BeitConfig } from "./config.ts";
import { toPretraining } from "./further-pretraining.ts";
import { initBeit, initBeitClassifier } from "./init.ts";
import type { Beit } from "./parameters.ts";

const backend = createReferenceBackend();
const config: BeitConfig = {
  ...{ imageSize: 8, channels: 1, patchSize: 2, width: 8, depth: 2, heads: 2, mlpRatio: 2 },
  ...{ absolutePositions: false, relativePositions: "shared", layerScale: 0.1, dropPath: 0 },
  ...{ epsilon: 1e-6, vocabSize: 6, classes: 0, pooling: "mean" },
};
const pretrained = initBeit(config, createRng(1), backend);
const perLayer: BeitConfig = { ...config, relativePositions: "per-layer" };
const classifier = initBeitClassifier({ ...perLayer, vocabSize: 0, classes: 3 }, createRng(2), backend);
const valuesOf = ({ params }: Beit) => new Map(leaves<Tensor>(params).map(([path, leaf]) => [path, leaf.readSync()]));

describe("toPretraining", () => {
  it("copies a pre-trained model, its head included", async () => {
    const further = await toPretraining(pretrained, config, {}, createRng(3));
    expect(valuesOf(further)).toEqual(valuesOf(pretrained));
    expect(further.params.classToken.storage).not.toBe(pretrained.params.classToken.storage);
  });

  it("makes a head for another number of tokens, and all that a classifier lacks", async () => {
    const [own, before] = [
      valuesOf(await toPretraining(pretrained, { ...config, vocabSize: 9 }, {}, createRng(3))),
      valuesOf(pretrained),
    ];
    for (const [path, values] of own) {
      if (path.startsWith("visualTokenHead.")) expect(values).not.toHaveLength(before.get(path)?.length ?? 0);
      else expect(values).toEqual(before.get(path));
    }
    const from = valuesOf(classifier);
    const adapted = valuesOf(await toPretraining(classifier, perLayer, { std: 0.5 }, createRng(3)));
    const fresh = [...adapted.keys()].filter((path) => !from.has(path));
    expect(fresh.sort()).toEqual([
      "maskToken",
      "norm.beta",
      "norm.gamma",
      "visualTokenHead.bias",
      "visualTokenHead.weight",
    ]);
    for (const [path, values] of adapted) if (!fresh.includes(path)) expect(values).toEqual(from.get(path));
    expect(Math.max(...(adapted.get("maskToken") as Float64Array).map(Math.abs))).toBeGreaterThan(0.1);
  });

  it("gives every layer the table that all shared, and refuses another encoder by the path", async () => {
    const layers = valuesOf(await toPretraining(pretrained, perLayer, {}, createRng(3)));
    const table = valuesOf(pretrained).get("relativePositionBias");
    for (const block of [0, 1]) expect(layers.get(`blocks.${block}.attention.relativePositionBias`)).toEqual(table);
    const refused = (from: Beit, to: BeitConfig) => toPretraining(from, to, {}, createRng(3));
    await expect(refused(classifier, config)).rejects.toThrow(
      "[toPretraining] expected relativePositionBias of the model, as the config says, got none",
    );
    await expect(refused(pretrained, { ...config, depth: 1 })).rejects.toThrow(
      /expected no blocks\.1\.\S+ of the model/,
    );
    await expect(refused(pretrained, { ...config, width: 12 })).rejects.toThrow(
      /expected patchEmbedding\.weight \[12, 4\], got/,
    );
    await expect(refused(pretrained, { ...config, vocabSize: 0, classes: 2 })).rejects.toThrow(
      "expected vocabSize above 0",
    );
  });
});

describe("toClassifier's head", () => {
  const rows = async (head?: readonly number[] | "new", classes = 3) => {
    const { params } = await toClassifier(classifier, { classes, head }, createRng(4));
    const values = [...(params.classHead?.weight.readSync() ?? [])];
    return Array.from({ length: classes }, (_, row) => values.slice(row * 8, row * 8 + 8));
  };

  it("is kept, kept row by row in another order, for fewer classes, or new", async () => {
    const own = await rows();
    expect(await rows([2, 0, 1])).toEqual([own[2], own[0], own[1]]);
    expect(await rows([1, 2], 2)).toEqual([own[1], own[2]]);
    expect(await rows("new")).not.toEqual(own);
    await expect(rows([0, 1])).rejects.toThrow("[toClassifier] expected head of 3 rows in [0, 3), got 0, 1");
    await expect(rows([0, 1, 3])).rejects.toThrow("[toClassifier] expected head of 3 rows in [0, 3), got 0, 1, 3");
  });
});
