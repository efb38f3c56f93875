// What options do and what is refused. Whole graphs are evaluated, decoded and run in onnxruntime in tools/golden/exported.
import { describe, expect, it } from "vitest";
import {
  beitToOfficial,
  initBeit,
  initBeitClassifier,
  type Beit,
  type BeitConfig,
  type HostTensor,
} from "@beitjs/beit-encoder";
import { initTokenizer, tokenizerToOfficial, type DvaeConfig } from "@beitjs/dvae-tokenizer";
import { leaves, sizeOf, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32ToHalf, toFloat32, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { beitGraph } from "./beit-graph.ts";
import { beitToOnnx, tokenizerToOnnx } from "./index.ts";
import type { GraphProto } from "./proto.ts";
import { tokenizerGraph } from "./tokenizer-graph.ts";

const backend = createReferenceBackend();
const config: BeitConfig = {
  imageSize: 8,
  channels: 2,
  patchSize: 4,
  width: 6,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
  absolutePositions: true,
  relativePositions: "per-layer",
  layerScale: 0.1,
  dropPath: 0,
  epsilon: 1e-6,
  vocabSize: 0,
  classes: 3,
  pooling: "mean",
};
const classifier = initBeitClassifier(config, createRng(1), backend);
const pretrained = initBeit(
  { ...config, relativePositions: "shared", classes: 0, vocabSize: 7 },
  createRng(2),
  backend,
);
const preprocessing = {
  filter: "bicubic",
  size: 8,
  fit: "square",
  crop: 0,
  mean: [0.5, 0.5],
  std: [0.25, 0.25],
} as const;

async function parametersOf({ initializer }: GraphProto): Promise<Map<string, HostTensor>> {
  const parameters = initializer.filter(({ dataType, name }) => dataType === 1 && !/^(scalar\/|zeros$)/.test(name));
  return new Map(
    await Promise.all(
      parameters.map(async ({ name, dims, rawData }) => {
        const data = new Float32Array((await rawData.read()).slice().buffer);
        expect(data.byteLength).toBe(rawData.byteLength);
        return [name, { shape: [...dims], data }] as const;
      }),
    ),
  );
}

describe("beitToOnnx", () => {
  it.each<[string, Beit]>([
    ["a classifier", classifier],
    ["a pre-training model", pretrained],
  ])("has the parameters of %s under their official names, in their layouts", async (_, beit) => {
    const found = await parametersOf(beitGraph(beit, { output: "logits" }));
    const official = await beitToOfficial(beit);
    expect([...found.keys()].sort()).toEqual([...official.keys()].sort());
    for (const [name, { shape, data }] of official) expect(found.get(name), name).toEqual({ shape: [...shape], data });
  });

  it("leaves out what features do not need", async () => {
    const names = [...(await parametersOf(beitGraph(pretrained, { output: "features" }))).keys()];
    expect(names.filter((name) => /^(mask_token|norm|lm_head)/.test(name))).toEqual([]);
  });

  it("has half the bytes a parameter in 16 bits, and float32 for the graph", async () => {
    const whole = await parametersOf(beitGraph(classifier, { output: "logits" }));
    const { initializer, node } = beitGraph(classifier, { output: "logits", half: true });
    const halves = initializer.filter(({ dataType }) => dataType === 10);
    expect(halves.map(({ name }) => name).sort()).toEqual([...whole.keys()].sort());
    for (const { name, dims, rawData } of halves) {
      const { data, shape } = whole.get(name) as HostTensor;
      expect([dims, rawData.byteLength]).toEqual([shape, 2 * data.length]);
      expect(await rawData.read()).toEqual(fromFloat32ToHalf(data, shape).data);
    }
    const casts = node.filter(({ opType }) => opType === "Cast");
    expect(casts.map(({ input }) => input[0]).sort()).toEqual([...whole.keys()].sort());
    for (const { name, attribute } of casts) expect(attribute, name).toMatchObject([{ name: "to", i: 1 }]);
  });

  it("refuses what 16 bits cannot hold, by name", async () => {
    const { params } = classifier;
    const bias = (value: number) => tensor(Float32Array.of(0, value, 1), [3], backend);
    const withBias = (value: number) =>
      ({ config, params: { ...params, classHead: { ...params.classHead, bias: bias(value) } } }) as Beit;
    const options = { output: "logits", half: true } as const;
    await expect(beitToOnnx(withBias(-65519), options)).resolves.toBeInstanceOf(Uint8Array);
    await expect(beitToOnnx(withBias(Infinity), options)).resolves.toBeInstanceOf(Uint8Array);
    await expect(beitToOnnx(withBias(-65520), options)).rejects.toThrow(
      "[beitToOnnx] expected values of at most 65504, the largest of 16 bits, got -65520 in head.bias; leave out half",
    );
  });

  it("says when splines through tables have too few patches for other sizes", async () => {
    const options = { output: "logits", openSize: true } as const;
    const message = "[beitToOnnx] expected at least 3 patches along a side for splines";
    await expect(beitToOnnx(classifier, options)).rejects.toThrow(message);
    await expect(beitToOnnx(classifier, { output: "logits" })).resolves.toBeInstanceOf(Uint8Array);
    const resizing = { tableResizing: "geometric-linear" } as const;
    await expect(beitToOnnx(classifier, { ...options, resizing })).resolves.toBeInstanceOf(Uint8Array);
    const unplaced = initBeitClassifier({ ...config, relativePositions: "none" }, createRng(1), backend);
    await expect(beitToOnnx(unplaced, options)).resolves.toBeInstanceOf(Uint8Array);
  });

  it("carries what a classifier of several labels is, and of no other", async () => {
    const tellsOf = async (options: object) =>
      new TextDecoder().decode((await beitToOnnx(classifier, { output: "logits", ...options })).subarray(-900));
    const several = await tellsOf({ multiLabel: true });
    expect(several).toMatch(/beitjs\.problemType[^]{1,3}"multi_label_classification"/);
    expect(several).toMatch(/beitjs\.activation[^]{1,3}"sigmoid"/);
    for (const one of [await tellsOf({}), await tellsOf({ multiLabel: false })])
      expect(one).not.toMatch(/problemType|activation/);
    const headless = { ...classifier, config: { ...classifier.config, classes: 0 } };
    await expect(beitToOnnx(headless, { output: "features", multiLabel: true })).rejects.toThrow(
      "[beitToOnnx] expected a classifier for multiLabel, got a model without classes",
    );
  });

  it("carries config, labels and preprocessing", async () => {
    const labels = ["cat", "dög", "eel"];
    const bytes = await beitToOnnx(classifier, { output: "logits", labels, preprocessing });
    const end = new TextDecoder().decode(bytes.subarray(-900));
    for (const [key, value] of Object.entries({ config, labels, preprocessing })) {
      expect(end).toContain(`beitjs.${key}`);
      expect(end).toContain(JSON.stringify(value));
    }
  });

  it("refuses what does not fit the model", async () => {
    const both = initBeit({ ...config, vocabSize: 7 }, createRng(3), backend);
    const neither = initBeit({ ...config, classes: 0 }, createRng(3), backend);
    const heads = "[beitToOnnx] expected a model of one head, classes or visual tokens, for logits, got";
    await expect(beitToOnnx(both, { output: "logits" })).rejects.toThrow(`${heads} classes 3 and vocabSize 7`);
    await expect(beitToOnnx(neither, { output: "logits" })).rejects.toThrow(`${heads} classes 0 and vocabSize 0`);
    await expect(beitToOnnx(neither, { output: "features" })).resolves.toBeInstanceOf(Uint8Array);
    const labels = ["cat"];
    await expect(beitToOnnx(classifier, { output: "logits", labels })).rejects.toThrow("expected 3 labels, got 1");
    for (const [change, got] of [
      [{ size: 9 }, "9 x 9 pixels of 2 channels"],
      [{ crop: 4 }, "4 x 4 pixels of 2 channels"],
      [{ std: [1] }, "8 x 8 pixels of 2 and 1 channels"],
    ] as const) {
      const options = { output: "features", preprocessing: { ...preprocessing, ...change } } as const;
      const message = `[beitToOnnx] expected preprocessing to 8 x 8 pixels of 2 channels, got ${got}`;
      await expect(beitToOnnx(classifier, options)).rejects.toThrow(message);
    }
  });

  it("refuses a file above the limit before it reads", async () => {
    const { params } = classifier;
    const huge = {
      ...params,
      classHead: { ...params.classHead, weight: hugeTensor(params.classHead?.weight as Tensor) },
    };
    const beit = { config, params: huge } as Beit;
    await expect(beitToOnnx(beit, { output: "logits" })).rejects.toThrow("[beitToOnnx] expected a file of at most");
  });
});

// A tensor that says it is large and cannot be read.
function hugeTensor(tensor: Tensor): Tensor {
  return new Proxy(tensor, {
    get: (target, key) => (key === "shape" ? [2 ** 20, 2 ** 9] : (Reflect.get(target, key, target) as unknown)),
  });
}

describe("tokenizerToOnnx", () => {
  const common = { imageSize: 8, channels: 1, vocabSize: 5, codebookWidth: 3, reconstruction: "mse" } as const;
  const dallE: DvaeConfig = {
    ...common,
    architecture: "dall-e",
    hidden: 4,
    groups: 2,
    blocksPerGroup: 1,
    pixelRange: "mapped",
  };
  const strided: DvaeConfig = {
    ...common,
    architecture: "strided",
    hidden: 4,
    layers: 1,
    blocksPerStage: 1,
    middleBlocks: 1,
    pixelRange: "normalized",
  };

  it.each([dallE, strided])("has the encoder of $architecture under its official names", async (config) => {
    const tokenizer = initTokenizer(config, createRng(4), backend);
    const found = await parametersOf(tokenizerGraph(tokenizer));
    const official = [...(await tokenizerToOfficial(tokenizer))].filter(([name]) => name.startsWith("encoder."));
    expect([...found.keys()].sort()).toEqual(official.map(([name]) => name).sort());
    for (const [name, value] of official) expect(found.get(name), name).toEqual(hostOf(value));
    const bytes = await tokenizerToOnnx(tokenizer);
    expect(new TextDecoder().decode(bytes.subarray(-400))).toContain(JSON.stringify(config));
  });

  it("needs no decoder", async () => {
    const { config, params } = initTokenizer(dallE, createRng(4), backend);
    const half = await tokenizerToOnnx({ config, params: { encoder: params.encoder } });
    expect(half).toEqual(await tokenizerToOnnx({ config, params }));
  });

  it("leaves no tensor behind", async () => {
    const own: Backend = createReferenceBackend();
    const tokenizer = initTokenizer(strided, createRng(5), own);
    await tokenizerToOnnx(tokenizer);
    const sizes = leaves<Tensor>(tokenizer.params).map(([, { shape }]) => sizeOf(shape));
    expect(own.memory().tensors).toBe(sizes.length);
  });
});

function hostOf(value: SafeTensor): HostTensor {
  return { shape: [...value.shape], data: toFloat32(value) };
}
