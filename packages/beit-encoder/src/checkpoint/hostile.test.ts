// Configs and names that promise more than a file has: refused by a message below 4 kB before anything of their sizes is made.
import { describe, expect, it } from "vitest";
import { bytesSource, type FileSource } from "@beitjs/tensor-core/files";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, readSafetensors, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import {
  beitVariants,
  initBeitClassifier,
  loadBeit,
  openBeit,
  readParameters,
  saveBeit,
  saveOfficialBeit,
  toHuggingFace,
  type BeitConfig,
  type Preprocessing,
} from "../index.ts";

const backend = createReferenceBackend();
const config: BeitConfig = {
  ...beitVariants.tiny,
  ...{ imageSize: 16, patchSize: 8, width: 6, depth: 2, heads: 2, vocabSize: 0, classes: 3 },
  relativePositions: "per-layer",
};
const beit = initBeitClassifier(config, createRng(1), backend);
const source = (name: string, text: string): FileSource => bytesSource(new TextEncoder().encode(text), name);
const one = fromFloat32(Float32Array.of(1), [1]);

async function refusal(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    const { message } = error as Error;
    expect(message.length).toBeLessThan(4000);
    return message;
  }
  throw new Error("nothing was refused");
}

async function huggingFace(change: object, more: readonly [string, SafeTensor][] = []): Promise<FileSource[]> {
  const files = await toHuggingFace(beit);
  const json = JSON.parse(new TextDecoder().decode(files["config.json"])) as object;
  const { tensors } = readSafetensors(files["model.safetensors"]);
  const weights = bytesSource(writeSafetensors([...tensors, ...more]), "model.safetensors");
  return [source("config.json", JSON.stringify({ ...json, ...change })), weights];
}

describe("a config that promises more than the file has", () => {
  it.each<[object, string]>([
    [{ num_hidden_layers: 100_000 }, "expected the tensors of 100000 blocks, as the config says, got 4"],
    [{ num_hidden_layers: 1_000_000_000 }, "expected the tensors of 1000000000 blocks"],
    [{ num_hidden_layers: 40 }, "no beit.encoder.layer.2."],
    [{ hidden_size: 6e8 }, "[6] where it should be [600000000]"],
    [{ intermediate_size: 2 ** 48 }, "where it should be [281474976710656, 6]"],
    [{ id2label: null, num_labels: 1e9 }, "[3] where it should be [1000000000]"],
    [{ image_size: 8e8 }, "imageSize to be of at most 67108864 pixels, got 800000000"],
    [{ image_size: 8e8, use_relative_position_bias: false }, "imageSize to be of at most 67108864 pixels"],
    [{ image_size: [8, 1e9] }, "imageSize to be of at most 67108864 pixels, got 8 x 1000000000"],
    [{ patch_size: 1e9 }, "imageSize to be at least patchSize 1000000000, got 16"],
    [{ patch_size: 4096, image_size: 8192 }, "where it should be ["],
  ])("Hugging Face: %o", async (change, message) => {
    const files = await huggingFace(change);
    expect(await refusal(() => openBeit(files, backend))).toContain(message);
  });

  it("ours, in a file and as values", async () => {
    const { tensors } = readSafetensors(await saveBeit(beit));
    const text = JSON.stringify({ ...config, depth: 1e9 });
    const file = bytesSource(writeSafetensors(tensors, { "beitjs.config": text }), "model.safetensors");
    const message = "expected the tensors of 1000000000 blocks, as the config says, got";
    expect(await refusal(() => openBeit(file, backend))).toContain(`[openBeit] ${message}`);
    const values = await readParameters(beit);
    expect(await refusal(() => loadBeit(values, { ...config, depth: 1e9 }, backend))).toContain(
      `[loadBeit] ${message}`,
    );
  });
});

/** Numbers that no field can have, and lists without end. */
const wrong: readonly unknown[] = [
  1e9,
  -8,
  0,
  7.5,
  2 ** 60,
  1e308,
  "8",
  [],
  [8],
  [8, 1e9],
  Array(100_000).fill(8),
  {},
  true,
];

describe("numbers that no model has", () => {
  const counts = ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "num_channels"];
  const sizes = ["image_size", "patch_size"];

  it.each([...counts, ...sizes])("%s", async (field) => {
    for (const value of wrong) {
      const message = await refusal(async () => openBeit(await huggingFace({ [field]: value }), backend));
      expect(message, String(value).slice(0, 40)).toMatch(/^\[(openBeit|beitConfigFromHuggingFace)\] expected /);
    }
  });

  it.each(["layer_norm_eps", "drop_path_rate", "layer_scale_init_value"])("%s", async (field) => {
    for (const value of ["8", [], Array(100_000).fill(8), {}, true]) {
      const message = await refusal(async () => openBeit(await huggingFace({ [field]: value }), backend));
      expect(message).toContain(`[beitConfigFromHuggingFace] expected ${field} to be a number`);
    }
    const infinite = await huggingFace({});
    const text = '{"architectures":["BeitModel"],"hidden_size":6,"num_attention_heads":2,"layer_norm_eps":1e999}';
    expect(await refusal(() => openBeit([source("config.json", text), infinite[1]], backend))).toContain("epsilon");
  });

  it("a value of very many levels", async () => {
    const deep = `{"hidden_act":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
    const [, weights] = await huggingFace({});
    expect(await refusal(() => openBeit([source("config.json", deep), weights], backend))).toContain("hidden_act");
  });
});

const prepared = {
  image_processor_type: "BeitImageProcessor",
  ...{ do_resize: true, size: { height: 16, width: 16 }, resample: 3, do_center_crop: false },
  ...{ do_rescale: true, rescale_factor: 1 / 255, do_normalize: true, image_mean: [0, 0, 0], image_std: [1, 1, 1] },
};

describe("our own files", () => {
  const own = async (change: object, more: Record<string, string> = {}) => {
    const { tensors, metadata } = readSafetensors(await saveBeit(beit));
    const text = JSON.stringify({ ...config, ...change });
    const bytes = writeSafetensors(tensors, { ...metadata, "beitjs.config": text, ...more });
    return openBeit(bytesSource(bytes, "model.safetensors"), backend);
  };

  it.each(Object.keys(config))("%s of any value: a model or a named refusal", async (field) => {
    for (const value of [...wrong, undefined, null, "x".repeat(100_000)]) {
      const opened = await own({ [field]: value }).then(
        () => undefined,
        (error: unknown) => (error as Error).message,
      );
      if (opened === undefined) continue;
      expect(opened).toMatch(/^\[openBeit\] expected /);
      expect(opened.length).toBeLessThan(4000);
    }
  });

  it("labels that are no texts", async () => {
    for (const labels of ["{}", "[1,2,3]", '[["a"]]']) {
      expect(await refusal(() => own({}, { "beitjs.labels": labels }))).toContain("beitjs.labels");
    }
  });
});

describe("images that nobody can prepare", () => {
  const long = Array.from({ length: 100_000 }, () => 0.5);
  it.each<[object, string]>([
    [{ size: 1e9 }, "preprocessing with a size of at most 67108864 pixels, got 1000000000"],
    [{ size: { height: 16, width: 1e9 } }, "a size of at most 67108864 pixels, got [16,1000000000]"],
    [{ size: { shortest_edge: 1e6 }, do_center_crop: true, crop_size: 1e6 }, "a size of at most"],
    [{ size: { height: -16, width: 16 } }, "size.height to be a positive integer, got -16"],
    [{ size: { height: 15.5, width: 16 } }, "size.height to be a positive integer, got 15.5"],
    [{ size: long }, "size to be [height, width], got [0.5,"],
    [{ do_center_crop: true, crop_size: 1e9 }, "crop_size of at most 16, got 1000000000"],
    [{ image_mean: long, image_std: long }, "preprocessing with mean of 1 to 256 numbers, got [0.5,"],
    [{ rescale_factor: 1e-320 }, "preprocessing with "],
    [{ rescale_factor: -1 }, "rescale_factor above 0, got -1"],
    [{ image_std: [1, 1, 0] }, "image_std without 0"],
    [{ resample: long }, "resample to be 0 (nearest), 1 (Lanczos), 2 (bilinear) or 3 (bicubic), got [0.5,"],
  ])("Hugging Face: %#", async (change, message) => {
    const files = [
      ...(await huggingFace({})),
      source("preprocessor_config.json", JSON.stringify({ ...prepared, ...change })),
    ];
    expect(await refusal(() => openBeit(files, backend))).toContain(message);
  });

  const timmed = { input_size: [3, 16, 16], interpolation: "bicubic", crop_pct: 0.9, mean: [0, 0, 0], std: [1, 1, 1] };
  it.each<[object, string]>([
    [{ input_size: [3, 1e9, 1e9] }, "a size of at most 67108864 pixels"],
    [{ crop_pct: 1e-9 }, "a size of at most 67108864 pixels"],
    [{ crop_pct: -1 }, "crop_pct in (0, 1]"],
    [{ input_size: [1e9, 16, 16] }, "pretrained_cfg.mean to be 1000000000 numbers, got [0,0,0]"],
    [{ input_size: long }, "pretrained_cfg.input_size to be [channels, height, width], got [0.5,"],
    [{ mean: long }, "pretrained_cfg.mean to be 3 numbers, got [0.5,"],
  ])("timm: %#", async (change, message) => {
    const config = { architecture: "beit_base_patch16_224", pretrained_cfg: { ...timmed, ...change } };
    const weights = bytesSource(await saveOfficialBeit(beit), "model.safetensors");
    const files = [source("config.json", JSON.stringify(config)), weights];
    expect(await refusal(() => openBeit(files, backend))).toContain(message);
  });

  const own: Preprocessing = { filter: "bicubic", size: 16, fit: "square", crop: 0, mean: [0, 0, 0], std: [1, 1, 1] };
  it.each<[object, string]>([
    [{ size: 1e9 }, "a size of at most 67108864 pixels, got 1000000000"],
    [{ size: "16" }, `a size of at most 67108864 pixels, got "16"`],
    [{ crop: 17 }, "a crop of at most 16, got 17"],
    [{ mean: long, std: long }, "mean of 1 to 256 numbers, got [0.5,"],
    [{ std: [1, null, 1] }, "std to be 3 numbers above 0, got [1,null,1]"],
    [{ std: undefined }, "std to be 3 numbers above 0, got none"],
    [{ filter: "box" }, `a filter of its names, got "box"`],
    [{ fit: "x".repeat(100_000) }, `fit "square" or "shortSide", got "xxx`],
  ])("ours: %#", async (change, message) => {
    const bytes = await saveBeit(beit, { preprocessing: { ...own, ...change } });
    expect(await refusal(() => openBeit(bytesSource(bytes, "model.safetensors"), backend))).toContain(message);
  });
});

describe("messages about a file of many long names", () => {
  const many = Array.from({ length: 3000 }, (_, i): [string, SafeTensor] => [`${"x".repeat(500)}.${i}`, one]);

  it("name the first ten, how many more there are, and the flag", async () => {
    const files = await huggingFace({}, many);
    const message = await refusal(() => openBeit(files, backend));
    expect(message).toMatch(
      /got unexpected x{100,}…; .*; and 2990 more; `allowUnexpected` \(--allow-unexpected\) leaves/,
    );
    expect((await openBeit(files, backend, { allowUnexpected: true })).unused).toHaveLength(3000);
  });

  it("stay short for other models, values, shards and fields", async () => {
    const other = bytesSource(writeSafetensors(many), "other.safetensors");
    expect(await refusal(() => openBeit(other, backend))).toContain("expected the parameters of a BEiT, got xxx");
    const values = await readParameters(beit);
    const more = many.map(([name]) => [`blocks.0.${name}`, { shape: [1], data: Float32Array.of(1) }] as const);
    expect(await refusal(() => loadBeit(new Map([...values, ...more]), config, backend))).toContain(
      "got also blocks.0.x",
    );
    const index = { weight_map: Object.fromEntries(many.map(([name]) => [name, `${name}.safetensors`])) };
    const shards = source("model.safetensors.index.json", JSON.stringify(index));
    const sharded = () => openBeit([shards, source("config.json", "{}")], backend);
    expect(await refusal(sharded)).toContain("without xxx");
    const files = await huggingFace({ hidden_act: "x".repeat(100_000) });
    expect(await refusal(() => openBeit(files, backend))).toContain('expected hidden_act "gelu", got "xxx');
  });
});
