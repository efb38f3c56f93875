// Whole models through Hugging Face's files and back, and what is said of files that do not fit.
import { describe, expect, it } from "vitest";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import {
  fromFloat32,
  fromInt32,
  readSafetensors,
  writeSafetensors,
  type SafeTensor,
} from "@beitjs/tensor-core/safetensors";
import { bytesSource, type FileSource } from "@beitjs/tensor-core/files";
import {
  beitVariants,
  initBeit,
  initBeitClassifier,
  openBeit,
  preprocessingFromHuggingFace,
  readParameters,
  toClassifier,
  toHuggingFace,
  type Beit,
  type BeitConfig,
  type OpenBeitOptions,
} from "../../index.ts";
import { mergeShards } from "../shards.ts";

const backend = createReferenceBackend();
const tiny: BeitConfig = {
  ...beitVariants.tiny,
  imageSize: 16,
  patchSize: 8,
  width: 6,
  depth: 2,
  heads: 2,
  vocabSize: 5,
};
const classified: BeitConfig = { ...tiny, vocabSize: 0, classes: 3, relativePositions: "per-layer" };
const pretrained = initBeit(tiny, createRng(1), backend);
const classifier = initBeitClassifier(classified, createRng(2), backend);

type Folder = { readonly config: Record<string, unknown>; readonly tensors: Map<string, SafeTensor> };

async function folderOf(beit: Beit, labels?: readonly string[]): Promise<Folder> {
  const files = await toHuggingFace(beit, { labels });
  const { tensors, metadata } = readSafetensors(files["model.safetensors"]);
  expect({ ...metadata }).toEqual({ format: "pt" });
  return { config: JSON.parse(new TextDecoder().decode(files["config.json"])) as Record<string, unknown>, tensors };
}

function jsonSource(name: string, json: object): FileSource {
  return bytesSource(new TextEncoder().encode(JSON.stringify(json)), name);
}

const open = ({ config, tensors }: Folder, options: OpenBeitOptions = {}) =>
  openBeit(
    [bytesSource(writeSafetensors(tensors), "model.safetensors"), jsonSource("config.json", config)],
    backend,
    options,
  );

const extra = fromFloat32(Float32Array.of(1, 2), [2]);

describe("toHuggingFace", () => {
  it.each<[string, Beit, readonly string[] | undefined, readonly string[]]>([
    ["pre-training", pretrained, undefined, ["lm_head.weight", "layernorm.bias", "beit.embeddings.mask_token"]],
    ["classifier", classifier, ["a", "b", "c"], ["classifier.bias", "beit.pooler.layernorm.weight"]],
    [
      "classifier of the class token",
      initBeitClassifier({ ...classified, pooling: "class", layerScale: 0 }, createRng(3), backend),
      undefined,
      ["classifier.weight", "beit.layernorm.weight"],
    ],
    [
      "bare model with positions",
      initBeit({ ...tiny, vocabSize: 0, absolutePositions: true }, createRng(4), backend),
      undefined,
      ["embeddings.cls_token", "embeddings.position_embeddings", "encoder.layer.1.attention.attention.key.weight"],
    ],
  ])("is loaded back with the same values: %s", async (_, beit, labels, names) => {
    const folder = await folderOf(beit, labels);
    for (const name of names) expect([...folder.tensors.keys()]).toContain(name);
    const back = await open(folder);
    expect(back.beit.config).toEqual(beit.config);
    expect(await readParameters(back.beit)).toEqual(await readParameters(beit));
    expect(back.labels).toEqual(labels);
    expect(back.unused).toEqual([]);
    expect(back.origin).toBe("hugging-face");
  });

  it("writes the layer scale with a point, which transformers asks for", async () => {
    for (const [layerScale, text] of [
      [0, "0.0"],
      [1, "1.0"],
      [0.1, "0.1"],
      [1e-5, "0.00001"],
    ] as const) {
      const beit = initBeit({ ...tiny, layerScale }, createRng(1), backend);
      const json = new TextDecoder().decode((await toHuggingFace(beit))["config.json"]);
      expect(json).toContain(`"layer_scale_init_value": ${text},`);
    }
  });

  it("writes preprocessing: by default as released", async () => {
    const read = async (...options: [] | [Parameters<typeof toHuggingFace>[1]]) => {
      const bytes = (await toHuggingFace(pretrained, ...options))["preprocessor_config.json"];
      return preprocessingFromHuggingFace(JSON.parse(new TextDecoder().decode(bytes)) as object);
    };
    const half = [0.5, 0.5, 0.5];
    expect(await read()).toEqual({ filter: "bilinear", size: 16, fit: "square", crop: 0, mean: half, std: half });
    const preprocessing = {
      filter: "bicubic",
      size: 18,
      fit: "shortSide",
      crop: 16,
      margins: "down",
      mean: [0.4],
      std: [0.2],
    } as const;
    expect(await read({ preprocessing })).toEqual(preprocessing);
  });
});

describe("openBeit, of a Hugging Face folder", () => {
  it("lists what is missing, unexpected and of another shape, all at once", async () => {
    const { config, tensors } = await folderOf(pretrained);
    tensors.delete("beit.encoder.layer.1.attention.attention.key.weight");
    tensors.delete("lm_head.bias");
    tensors.set("beit.encoder.layer.2.lambda_1", extra).set("foo", extra);
    tensors.set("beit.embeddings.cls_token", extra);
    await expect(open({ config, tensors })).rejects.toThrow(
      "[openBeit] expected the tensors of the config, got beit.embeddings.cls_token [2] where it should be [1, 1, 6]; " +
        "unexpected beit.encoder.layer.2.lambda_1; unexpected foo; " +
        "no beit.encoder.layer.1.attention.attention.key.weight; no lm_head.bias",
    );
  });

  it("does not resize by itself what has the shape of another image size", async () => {
    const { config, tensors } = await folderOf(classifier);
    await expect(open({ config: { ...config, image_size: 24 }, tensors })).rejects.toThrow(
      "relative_position_bias_table [12, 2] where it should be [28, 2]",
    );
  });

  it("refuses a tensor under two names", async () => {
    const { config, tensors } = await folderOf(pretrained);
    tensors.set("embeddings.cls_token", tensors.get("beit.embeddings.cls_token") as SafeTensor);
    await expect(open({ config, tensors })).rejects.toThrow("unexpected embeddings.cls_token");
  });

  it("leaves stored indices and other heads aside, and says which", async () => {
    const { config, tensors } = await folderOf(classifier);
    tensors.set("beit.encoder.relative_position_bias.relative_position_index", fromInt32(Int32Array.of(1), [1]));
    tensors.set("beit.embeddings.mask_token", extra).set("layernorm.weight", extra);
    const { beit, unused } = await open({ config, tensors });
    expect(unused.toSorted()).toEqual(["beit.embeddings.mask_token", "layernorm.weight"]);
    expect(await readParameters(beit)).toEqual(await readParameters(classifier));
  });

  it("reads half precision", async () => {
    const { config, tensors } = await folderOf(classifier);
    const shape = tensors.get("classifier.bias")?.shape as readonly number[];
    tensors.set("classifier.bias", { dtype: "F16", shape, data: Uint8Array.of(0, 0x3c, 0, 0xc0, 0, 0x38) });
    const values = await readParameters((await open({ config, tensors })).beit);
    expect(values.get("classHead.bias")?.data).toEqual(Float32Array.of(1, -2, 0.5));
  });

  it("gives a model that toClassifier takes to other classes and another image size", async () => {
    const { beit, resizing } = await open(await folderOf(classifier));
    expect(resizing).toEqual({ tableResizing: "bilinear", positionResizing: "bicubic" });
    const other = await toClassifier(beit, { classes: 4, imageSize: 24, ...resizing }, createRng(5));
    expect(other.params.classHead?.weight.shape).toEqual([4, 6]);
    expect(other.params.blocks[0].attention.relativePositionBias?.shape).toEqual([28, 2]);
  });
});

describe("mergeShards", () => {
  const files = new Map([
    [
      "1.safetensors",
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
    ],
    ["2.safetensors", new Map([["c", 3]])],
  ]);
  const map = { c: "2.safetensors", a: "1.safetensors", b: "1.safetensors" };
  const merge = (index: object) => mergeShards(index, async (file) => files.get(file));

  it("gives all tensors in the order of the index", async () => {
    const merged = await merge({ metadata: { total_size: 24 }, weight_map: map });
    expect([...merged]).toEqual([
      ["c", 3],
      ["a", 1],
      ["b", 2],
    ]);
  });

  it.each<[string, object, string]>([
    ["no map", {}, "weight_map to be an object, got none"],
    ["a list", { weight_map: [] }, "weight_map to be an object, got []"],
    ["a map to numbers", { weight_map: { a: 1 } }, "weight_map.a to be a file name, got 1"],
    ["a file that is not there", { weight_map: { ...map, d: "3" } }, "all files of the index, got them without 3"],
    ["a tensor that is not there", { weight_map: { ...map, d: map.c } }, "got them without d in 2.safetensors"],
    ["a tensor elsewhere", { weight_map: { ...map, b: map.c } }, "got them without b in 2.safetensors"],
    ["a tensor too many", { weight_map: { a: map.a, c: map.c } }, "gives to a file, got them also b in 1.safetensors"],
  ])("refuses %s", async (_, index, message) => {
    await expect(merge(index)).rejects.toThrow("[openBeit] expected ");
    await expect(merge(index)).rejects.toThrow(message);
  });

  it("serves openBeit", async () => {
    const { config, tensors } = await folderOf(classifier);
    const halves = [...tensors].map(([name, value], i) => [`model-${i % 2}.safetensors`, name, value] as const);
    const shard = (file: string) =>
      bytesSource(
        writeSafetensors(halves.filter(([at]) => at === file).map(([, name, value]) => [name, value] as const)),
        file,
      );
    const index = { weight_map: Object.fromEntries(halves.map(([file, name]) => [name, file])) };
    const { beit } = await openBeit(
      [
        jsonSource("config.json", config),
        shard("model-0.safetensors"),
        jsonSource("model.safetensors.index.json", index),
        shard("model-1.safetensors"),
      ],
      backend,
    );
    expect(await readParameters(beit)).toEqual(await readParameters(classifier));
  });
});
