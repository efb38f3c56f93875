import { describe, expect, it } from "vitest";
import { leaves, scope, tensor, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import {
  beitToOfficial,
  beitVariants,
  encode,
  initBeit,
  initBeitClassifier,
  loadBeit,
  parameterShapes,
  plainTransformer,
  readParameters,
  resizeTable,
  toClassifier,
  type Beit,
  type BeitConfig,
  type HostTensor,
} from "../index.ts";

const backend = createReferenceBackend();
const config: BeitConfig = {
  ...beitVariants.tiny,
  imageSize: 24,
  patchSize: 8,
  width: 6,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
  vocabSize: 5,
};
const square = (side: number) => ({ rows: side, cols: side });

// Initialization leaves biases and tables at zero; here everything differs.
async function random(config: BeitConfig): Promise<Beit> {
  const rng = createRng(5);
  const values = await readParameters(initBeit(config, createRng(1), backend));
  return loadBeit(
    new Map([...values].map(([path, { shape, data }]) => [path, { shape, data: data.map(() => rng.normal()) }])),
    config,
    backend,
  );
}

const values = (beit: Beit) => new Map(leaves<Tensor>(beit.params).map(([path, leaf]) => [path, leaf.readSync()]));

describe("official weights", () => {
  const variants: [string, BeitConfig][] = [
    ["pre-training", config],
    ["plain", { ...config, ...plainTransformer }],
    ["classifier", { ...config, vocabSize: 0, classes: 3, relativePositions: "per-layer" }],
    ["class token", { ...config, vocabSize: 0, classes: 3, pooling: "class" }],
  ];

  it.each(variants)("come back as they went: %s", async (_, config) => {
    const beit = await random(config);
    const official = await beitToOfficial(beit);
    expect(official.size).toBe(parameterShapes(config).size);
    expect(values(loadBeit(official, config, backend))).toEqual(values(beit));
    expect(values(loadBeit(await readParameters(beit), config, backend))).toEqual(values(beit));
  });

  it("have the names and shapes of base", async () => {
    const names = async (config: BeitConfig) => {
      const official = await beitToOfficial(
        initBeit(
          { ...config, width: 12, heads: 12, depth: 1, vocabSize: config.vocabSize && 4 },
          createRng(1),
          backend,
        ),
      );
      return Object.fromEntries([...official].map(([name, { shape }]) => [name, shape.join()]).sort());
    };
    const block = {
      "blocks.0.attn.proj.bias": "12",
      "blocks.0.attn.proj.weight": "12,12",
      "blocks.0.attn.q_bias": "12",
      "blocks.0.attn.qkv.weight": "36,12",
      "blocks.0.attn.v_bias": "12",
      "blocks.0.gamma_1": "12",
      "blocks.0.gamma_2": "12",
      "blocks.0.mlp.fc1.bias": "48",
      "blocks.0.mlp.fc1.weight": "48,12",
      "blocks.0.mlp.fc2.bias": "12",
      "blocks.0.mlp.fc2.weight": "12,48",
      "blocks.0.norm1.bias": "12",
      "blocks.0.norm1.weight": "12",
      "blocks.0.norm2.bias": "12",
      "blocks.0.norm2.weight": "12",
    };
    const stem = { cls_token: "1,1,12", "patch_embed.proj.bias": "12", "patch_embed.proj.weight": "12,3,16,16" };
    expect(await names({ ...beitVariants.base, absolutePositions: true })).toEqual({
      ...block,
      ...stem,
      mask_token: "1,1,12",
      pos_embed: "1,197,12",
      "norm.weight": "12",
      "norm.bias": "12",
      "lm_head.weight": "4,12",
      "lm_head.bias": "4",
      "rel_pos_bias.relative_position_bias_table": "732,12",
    });
    expect(await names({ ...beitVariants.base, vocabSize: 0, classes: 7, relativePositions: "per-layer" })).toEqual({
      ...block,
      ...stem,
      "blocks.0.attn.relative_position_bias_table": "732,12",
      "fc_norm.weight": "12",
      "fc_norm.bias": "12",
      "head.weight": "7,12",
      "head.bias": "7",
    });
  });

  it("store the patch embedding as [D, C, P, P], we as [D, P P C]", async () => {
    const beit = await random(config);
    const ours = (await readParameters(beit)).get("patchEmbedding.weight") as HostTensor;
    const official = (await beitToOfficial(beit)).get("patch_embed.proj.weight") as HostTensor;
    for (const [d, c, row, col] of [
      [0, 0, 0, 1],
      [2, 1, 3, 5],
      [5, 2, 7, 7],
    ]) {
      expect(official.data[((d * 3 + c) * 8 + row) * 8 + col]).toBe(ours.data[d * 192 + (row * 8 + col) * 3 + c]);
    }
  });
});

describe("loadBeit", () => {
  it("leaves out stored indices and heads that the config lacks", async () => {
    const beit = await random({ ...config, classes: 3 });
    const tensors = await beitToOfficial(beit);
    tensors.set("rel_pos_bias.relative_position_index", { shape: [10, 10], data: new Float32Array(100) });
    const loaded = loadBeit(tensors, { ...config, vocabSize: 0 }, backend);
    expect(loaded.params.visualTokenHead).toBeUndefined();
    expect(loaded.params.maskToken).toBeUndefined();
    expect(loaded.params.classToken.readSync()).toEqual(beit.params.classToken.readSync());
  });

  it("copies a shared table to the layers and resizes it with the image", async () => {
    const beit = await random(config);
    const larger: BeitConfig = { ...config, imageSize: 40, relativePositions: "per-layer" };
    const table = ((await readParameters(beit)).get("relativePositionBias") as HostTensor).data;
    for (const tableResizing of ["geometric-cubic", "bilinear"] as const) {
      const loaded = loadBeit(await beitToOfficial(beit), larger, backend, { tableResizing });
      const expected = resizeTable(table, { heads: 2, from: square(3), to: square(5), method: tableResizing });
      for (const block of loaded.params.blocks) {
        expect(block.attention.relativePositionBias?.readSync()).toEqual(Float64Array.from(expected));
      }
    }
  });

  it("names what is missing, foreign, unknown or of another shape", async () => {
    const tensors = await beitToOfficial(await random(config));
    const without = new Map(tensors);
    without.delete("blocks.1.attn.q_bias");
    expect(() => loadBeit(without, config, backend)).toThrow(
      "[loadBeit] expected blocks.1.attention.queryBias [6], got none",
    );
    expect(() => loadBeit(tensors, { ...config, layerScale: 0 }, backend)).toThrow(
      "[loadBeit] expected only parameters of this config, got also blocks.0.scale1, blocks.0.scale2, blocks.1.scale1, blocks.1.scale2",
    );
    expect(() =>
      loadBeit(
        new Map([...tensors, ["blocks.0.attn.k_bias", { shape: [6], data: new Float32Array(6) }]]),
        config,
        backend,
      ),
    ).toThrow("[loadBeit] expected official parameter names, got blocks.0.attn.k_bias");
    expect(() => loadBeit(tensors, { ...config, vocabSize: 9 }, backend)).toThrow(
      "[loadBeit] expected visualTokenHead.weight [9, 6], got [5, 6] with 30 values",
    );
    expect(() => loadBeit(tensors, { ...config, patchSize: 4 }, backend)).toThrow(
      "[loadBeit] expected patchEmbedding.weight [D, 3, 4, 4], got [6, 3, 8, 8]",
    );
    expect(() => loadBeit(tensors, { ...config, heads: 4 }, backend)).toThrow(
      "[loadBeit] expected heads to be a divisor of width 6, got 4",
    );
  });
});

describe("toClassifier", () => {
  const pixels = (side: number) =>
    tensor(
      Array.from({ length: side * side * 3 }, (_, i) => Math.sin(i)),
      [1, side, side, 3],
      backend,
    );
  const encoded = (beit: Beit, side: number) => scope(backend, () => encode(beit, pixels(side)).readSync());

  it("keeps the encoder and starts a new head", async () => {
    const beit = await random(config);
    const classifier = await toClassifier(beit, { classes: 4, dropPath: 0.1 }, createRng(2));
    expect(classifier.config).toEqual({
      ...config,
      vocabSize: 0,
      classes: 4,
      dropPath: 0.1,
      relativePositions: "per-layer",
    });
    expect([...values(classifier).keys()]).toEqual([...parameterShapes(classifier.config).keys()]);
    expect(encoded(classifier, 24)).toEqual(encoded(beit, 24));
    const fresh = initBeitClassifier({ ...classifier.config }, createRng(2), backend);
    expect(classifier.params.classNorm?.gamma.readSync()).toEqual(fresh.params.classNorm?.gamma.readSync());
    const head = classifier.params.classHead?.weight.readSync() as Float64Array;
    expect(Math.max(...head)).toBeLessThan(1e-4);
    expect(Math.max(...head)).toBeGreaterThan(1e-6);
  });

  it("shares nothing with the model it came from", async () => {
    const beit = await random(config);
    const before = values(beit);
    const classifier = await toClassifier(beit, { classes: 4 }, createRng(2));
    for (const [, leaf] of leaves<Tensor>(classifier.params)) leaf.dispose();
    expect(values(beit)).toEqual(before);
  });

  it("uses the norm of pre-training only with class pooling", async () => {
    const beit = await random(config);
    const classifier = await toClassifier(beit, { classes: 4, pooling: "class" }, createRng(2));
    expect(classifier.params.norm?.gamma.readSync()).toEqual(beit.params.norm?.gamma.readSync());
    expect(classifier.params.classNorm).toBeUndefined();
  });

  it("moves a classifier to a larger image with its head, or to other classes without", async () => {
    const small = await random({
      ...config,
      vocabSize: 0,
      classes: 4,
      relativePositions: "per-layer",
      absolutePositions: true,
    });
    const large = await toClassifier(small, { classes: 4, imageSize: 40 }, createRng(2));
    expect(large.params.positions?.shape).toEqual([26, 6]);
    expect(large.params.blocks[1].attention.relativePositionBias?.shape).toEqual([84, 2]);
    expect(large.params.classHead?.weight.readSync()).toEqual(small.params.classHead?.weight.readSync());
    expect(encoded(large, 40)).toHaveLength(26 * 6);
    const other = await toClassifier(small, { classes: 9 }, createRng(2));
    expect(other.params.classHead?.weight.shape).toEqual([9, 6]);
    expect(other.params.classNorm?.gamma.readSync()).toEqual(small.params.classNorm?.gamma.readSync());
  });

  it("can live on another backend", async () => {
    const elsewhere = createReferenceBackend();
    const classifier = await toClassifier(await random(config), { classes: 2, backend: elsewhere }, createRng(2));
    expect(leaves<Tensor>(classifier.params).every(([, leaf]) => leaf.backend === elsewhere)).toBe(true);
  });

  it("names options that cannot be", async () => {
    const beit = await random(config);
    await expect(toClassifier(beit, { classes: 0 }, createRng(2))).rejects.toThrow(
      "[toClassifier] expected classes above 0, got 0",
    );
    await expect(toClassifier(beit, { classes: 2, imageSize: 7 }, createRng(2))).rejects.toThrow(
      "[toClassifier] expected imageSize to be at least patchSize 8, got 7",
    );
  });
});
