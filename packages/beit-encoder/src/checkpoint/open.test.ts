// Models from files of every origin: what is read from them, what is inferred, what is said of those that do not fit.
import { describe, expect, it } from "vitest";
import { bytesSource, type FileSource } from "@beitjs/tensor-core/files";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, fromInt32, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { hashSigned } from "@beitjs/tensor-core/testing";
import {
  beitToOfficial,
  beitVariants,
  initBeit,
  initBeitClassifier,
  openBeit,
  readBeitFiles,
  readParameters,
  resizePositions,
  resizeTable,
  saveBeit,
  saveOfficialBeit,
  type Beit,
  type BeitConfig,
} from "../index.ts";

const backend = createReferenceBackend();
const tiny: BeitConfig = {
  ...beitVariants.tiny,
  imageSize: 24,
  patchSize: 8,
  width: 6,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
  vocabSize: 5,
};
const classified: BeitConfig = { ...tiny, vocabSize: 0, classes: 3, relativePositions: "per-layer" };
const plain: BeitConfig = {
  ...tiny,
  width: 64,
  heads: 1,
  absolutePositions: true,
  relativePositions: "none",
  layerScale: 0,
};
const pretrained = initBeit(tiny, createRng(1), backend);
const classifier = initBeitClassifier(classified, createRng(2), backend);

async function officialOf(beit: Beit): Promise<Map<string, SafeTensor>> {
  return new Map([...(await beitToOfficial(beit))].map(([name, { data, shape }]) => [name, fromFloat32(data, shape)]));
}

function fileOf(tensors: ReadonlyMap<string, SafeTensor>, name = "weights.safetensors"): FileSource {
  return bytesSource(writeSafetensors(tensors), name);
}

function prefixed(tensors: ReadonlyMap<string, SafeTensor>, prefix: string): [string, SafeTensor][] {
  return [...tensors].map(([name, value]) => [prefix + name, value]);
}

function jsonSource(name: string, json: unknown): FileSource {
  return bytesSource(new TextEncoder().encode(JSON.stringify(json)), name);
}

const index = fromInt32(Int32Array.of(1), [1]);
const half = [0.5, 0.5, 0.5];

describe("openBeit", () => {
  it.each<[string, Beit]>([
    ["pre-training with a shared table", pretrained],
    ["pre-training with positions", initBeit(plain, createRng(3), backend)],
    ["classifier with tables", classifier],
    [
      "classifier of the class token",
      initBeitClassifier({ ...plain, vocabSize: 0, classes: 4, pooling: "class" }, createRng(4), backend),
    ],
    ["without a head", initBeit({ ...tiny, vocabSize: 0 }, createRng(5), backend)],
  ])("infers the config of official tensors: %s", async (_, beit) => {
    const opened = await openBeit(bytesSource(await saveOfficialBeit(beit), "beit.safetensors"), backend);
    expect(opened.beit.config).toEqual(beit.config);
    expect(await readParameters(opened.beit)).toEqual(await readParameters(beit));
    expect(opened.unused).toEqual([]);
    expect(opened.labels).toBeUndefined();
  });

  it("writes into official files what their names and shapes do not tell", async () => {
    const unsaid = { width: 6, heads: 2, epsilon: 1e-12, absolutePositions: false, imageSize: 29 } as const;
    const beit = initBeitClassifier({ ...plain, ...unsaid, vocabSize: 0, classes: 2 }, createRng(7), backend);
    const labels = ["cat", "dog"];
    const opened = await openBeit(bytesSource(await saveOfficialBeit(beit, { labels })), backend);
    expect(opened.beit.config).toEqual(beit.config);
    expect(opened).toMatchObject({ origin: "unilm", guessed: [], labels });
    await expect(saveOfficialBeit(beit, { labels: ["cat"] })).rejects.toThrow(
      "[saveOfficialBeit] expected 2 labels, got 1",
    );
  });

  it.each(["model.", "module.", "state_dict.", "model.module.", "backbone."])(
    "finds the parameters under %s and leaves the rest of the tree alone",
    async (prefix) => {
      const official = await officialOf(pretrained);
      const other = await officialOf(initBeit(tiny, createRng(9), backend));
      const tensors = new Map([
        ...prefixed(other, "model_ema."),
        ["optimizer.state.0.exp_avg", official.get("cls_token") as SafeTensor] as const,
        ...prefixed(official, prefix),
        [`${prefix}rel_pos_bias.relative_position_index`, index] as const,
      ]);
      const { beit, unused } = await openBeit(fileOf(tensors), backend);
      expect(await readParameters(beit)).toEqual(await readParameters(pretrained));
      expect(unused).toEqual([]);
    },
  );

  it("prefers model to module, and both to the top", async () => {
    const [first, second] = [await officialOf(pretrained), await officialOf(initBeit(tiny, createRng(9), backend))];
    const tensors = new Map([...prefixed(second, "module."), ...prefixed(first, "model."), ...second]);
    const { beit } = await openBeit(fileOf(tensors), backend);
    expect(await readParameters(beit)).toEqual(await readParameters(pretrained));
  });

  it("tells timm from unilm by the index that timm never stores", async () => {
    const ours = await openBeit(bytesSource(await saveOfficialBeit(classifier)), backend);
    expect(ours.origin).toBe("unilm");
    const tensors = await officialOf(classifier);
    const timm = await openBeit(fileOf(tensors), backend);
    expect(timm.origin).toBe("timm");
    expect(timm.resizing).toEqual({ tableResizing: "geometric-linear", positionResizing: "antialiased-bicubic" });
    expect(timm.preprocessing).toMatchObject({ filter: "bicubic", size: 26, fit: "shortSide", crop: 24 });
    tensors.set("blocks.0.attn.relative_position_index", index);
    const unilm = await openBeit(fileOf(tensors), backend);
    expect(unilm.origin).toBe("unilm");
    expect(unilm.resizing).toEqual({ tableResizing: "geometric-cubic", positionResizing: "bicubic" });
    expect(unilm.preprocessing).toMatchObject({ size: 27, crop: 24, mean: half, std: half });
  });

  it("reads timm's config.json", async () => {
    const config = {
      architecture: "beit_base_patch16_224",
      num_classes: 3,
      label_names: ["cat", "dog", "bird"],
      pretrained_cfg: {
        input_size: [3, 24, 24],
        interpolation: "bilinear",
        crop_pct: 1,
        crop_mode: "center",
        mean: [0.4, 0.5, 0.6],
        std: half,
      },
    };
    const files = [fileOf(await officialOf(classifier), "model.safetensors"), jsonSource("config.json", config)];
    const { origin, labels, preprocessing } = await openBeit(files, backend);
    expect({ origin, labels }).toEqual({ origin: "timm", labels: config.label_names });
    expect(preprocessing).toEqual({
      filter: "bilinear",
      size: 24,
      fit: "shortSide",
      crop: 24,
      mean: [0.4, 0.5, 0.6],
      std: half,
    });
    const other = [files[0], jsonSource("config.json", { ...config, architecture: "vit_base_patch16_224" })];
    await expect(openBeit(other, backend)).rejects.toThrow(
      `[openBeit] expected architecture to be one of timm's beit_* or beitv2_*, got "vit_base_patch16_224"`,
    );
  });

  it("reads its own files, with labels and preprocessing", async () => {
    const preprocessing = { filter: "lanczos", size: 24, fit: "square", crop: 0, mean: half, std: half } as const;
    const labels = ["a", "b", "c"];
    const config = { ...classified, dropPath: 0.1, epsilon: 1e-5 };
    const beit = initBeitClassifier(config, createRng(2), backend);
    const opened = await openBeit(bytesSource(await saveBeit(beit, { labels, preprocessing })), backend);
    expect(opened).toMatchObject({ origin: "beitjs", labels, preprocessing, unused: [] });
    expect(opened.beit.config).toEqual(config);
    expect(await readParameters(opened.beit)).toEqual(await readParameters(beit));
    await expect(saveBeit(beit, { labels: ["a"] })).rejects.toThrow("[saveBeit] expected 3 labels, got 1");
  });

  it("resizes as the origin does, or as it is told", async () => {
    const tensors = await officialOf(classifier);
    const table = Float32Array.from({ length: 56 }, (_, i) => hashSigned(1, i));
    tensors.set("blocks.1.attn.relative_position_bias_table", fromFloat32(table, [28, 2]));
    const grids = { heads: 2, from: { rows: 3, cols: 3 }, to: { rows: 4, cols: 4 } };
    for (const [options, method] of [
      [{}, "geometric-linear"],
      [{ tableResizing: "bilinear" }, "bilinear"],
      [{ tableResizing: "geometric-cubic" }, "geometric-cubic"],
    ] as const) {
      const { beit, preprocessing } = await openBeit(fileOf(tensors), backend, { imageSize: 32, ...options });
      const values = await readParameters(beit);
      const resized = values.get("blocks.1.attention.relativePositionBias")?.data;
      expect(resized).toEqual(resizeTable(table, { ...grids, method }));
      expect(beit.config.imageSize).toBe(32);
      expect(preprocessing).toMatchObject({ size: 34, crop: 32 });
    }
  });

  it("resizes positions likewise", async () => {
    const beit = initBeit(plain, createRng(6), backend);
    const positions = (await readParameters(beit)).get("positions")?.data as Float32Array;
    const sizes = { width: 64, from: { rows: 3, cols: 3 }, to: { rows: 4, cols: 4 } };
    for (const method of ["bicubic", "antialiased-bicubic"] as const) {
      const options = { imageSize: 32, positionResizing: method };
      const opened = await openBeit(bytesSource(await saveOfficialBeit(beit)), backend, options);
      const resized = (await readParameters(opened.beit)).get("positions")?.data;
      expect(resized).toEqual(resizePositions(positions, { ...sizes, method }));
    }
  });

  it("lists what is missing, unexpected, of another shape, and no floating-point numbers, all at once", async () => {
    const tensors = await officialOf(pretrained);
    tensors.delete("blocks.1.mlp.fc2.bias");
    tensors.set("blocks.0.norm1.weight", fromFloat32(Float32Array.of(1, 2), [2]));
    tensors.set("norm.bias", fromInt32(new Int32Array(6), [6])).set("decode_head.weight", index);
    await expect(openBeit(fileOf(tensors), backend)).rejects.toThrow(
      /^\[openBeit\] expected the tensors of the config, got .*blocks\.0\.norm1\.weight \[2\] where it should be \[6\]/,
    );
    const error = await openBeit(fileOf(tensors), backend).catch((reason: Error) => reason.message);
    expect(error).toContain("norm.bias of I32 where it should be of F64, F32, F16 or BF16");
    expect(error).toContain("unexpected decode_head.weight");
    expect(error).toContain("no blocks.1.mlp.fc2.bias");
  });

  it("leaves unexpected tensors aside when told to, and names them", async () => {
    const tensors = await officialOf(pretrained);
    tensors.set("decode_head.weight", index);
    const { unused } = await openBeit(fileOf(tensors), backend, { allowUnexpected: true });
    expect(unused).toEqual(["decode_head.weight"]);
  });

  it("asks for what shapes do not tell", async () => {
    const narrow = { ...plain, width: 6, heads: 2 };
    const file = fileOf(await officialOf(initBeit(narrow, createRng(7), backend)));
    await expect(openBeit(file, backend)).rejects.toThrow(
      "[openBeit] expected heads of width 64, got a width of 6; pass config.heads",
    );
    const { beit } = await openBeit(file, backend, { config: { heads: 2, epsilon: 1e-5 } });
    expect(beit.config).toEqual({ ...narrow, epsilon: 1e-5 });
  });

  it.each<[string, () => Promise<FileSource[]>, string]>([
    ["no file", async () => [], "expected one file of weights, got none among no files"],
    [
      "two files of weights",
      async () => [fileOf(new Map(), "a.safetensors"), fileOf(new Map(), "b.safetensors")],
      "expected one file of weights, got several: a.safetensors, b.safetensors",
    ],
    [
      "another model",
      async () => [fileOf(new Map([["encoder.input.filter", index]]))],
      "expected the parameters of a BEiT, got encoder.input.filter",
    ],
    [
      "a config that is no JSON",
      async () => [fileOf(await officialOf(classifier)), bytesSource(new Uint8Array([0xff]), "config.json")],
      "expected config.json to be JSON, got bytes that are no UTF-8",
    ],
    [
      "a page for a config",
      async () => [
        fileOf(await officialOf(classifier)),
        bytesSource(new TextEncoder().encode("<html>"), "folder/config.json"),
      ],
      `expected folder/config.json to be JSON, got "<html>"`,
    ],
  ])("refuses %s", async (_, files, message) => {
    await expect(files().then((found) => openBeit(found, backend))).rejects.toThrow(`[openBeit] ${message}`);
  });

  it("says what a file is that holds no weights", async () => {
    const page = bytesSource(new TextEncoder().encode("<!DOCTYPE html><html>"), "beit_base.pth");
    await expect(openBeit(page, backend)).rejects.toThrow(/an HTML page .*: beit_base\.pth/);
  });

  it("tells how far it is, and frees what it made when reading fails", async () => {
    const bytes = await saveOfficialBeit(pretrained);
    const seen: [number, number][] = [];
    await openBeit(bytesSource(bytes), backend, { onProgress: (...at) => seen.push(at) });
    expect(seen.length).toBe(seen[0][1]);
    expect(seen.at(-1)).toEqual([seen.length, seen.length]);
    const live = backend.memory().tensors;
    let reads = 0;
    const failing: FileSource = {
      name: "failing",
      size: bytes.length,
      read: async (start, end) => {
        if (++reads > 12) throw new Error("the disk is gone");
        return bytes.subarray(start, end);
      },
    };
    await expect(openBeit(failing, backend)).rejects.toThrow("the disk is gone");
    expect(backend.memory().tensors).toBe(live);
  });
});

describe("readBeitFiles", () => {
  it("reads no parameter", async () => {
    const bytes = await saveOfficialBeit(pretrained);
    let read = 0;
    const counting: FileSource = {
      name: "counted",
      size: bytes.length,
      read: async (start, end) => {
        read += end - start;
        return bytes.subarray(start, end);
      },
    };
    const { config, parameters } = await readBeitFiles(counting);
    expect(config).toEqual(tiny);
    expect(parameters.get("blocks.0.attention.qkv.weight")?.shape).toEqual([18, 6]);
    expect(read).toBeLessThan(bytes.length / 2);
  });
});
