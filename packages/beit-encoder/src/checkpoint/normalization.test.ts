// The mean and std of a model's images, from files of every origin: what they say, what they are recognized by, and what is a guess.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bytesSource, type FileSource } from "@beitjs/tensor-core/files";
import type { PickleValue } from "@beitjs/tensor-core/pickle";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, readSafetensors, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import {
  beitToOfficial,
  beitVariants,
  initBeit,
  initBeitClassifier,
  namedNormalization,
  normalizationName,
  openBeit,
  readBeitFiles,
  saveBeit,
  saveOfficialBeit,
  toHuggingFace,
  type Beit,
  type BeitConfig,
  type BeitFiles,
  type OpenBeitOptions,
  type Preprocessing,
} from "../index.ts";
import { openFiles, type Contents } from "./files.ts";
import { originOf } from "./origins/index.ts";

const backend = createReferenceBackend();
const tiny: BeitConfig = {
  ...beitVariants.tiny,
  ...{ imageSize: 16, patchSize: 8, width: 6, depth: 1, heads: 2, vocabSize: 5 },
};
const pretrained = initBeit(tiny, createRng(1), backend);
const classified: BeitConfig = { ...tiny, vocabSize: 0, classes: 3, relativePositions: "per-layer" };
const classifier = initBeitClassifier(classified, createRng(2), backend);
const grey = initBeit({ ...tiny, channels: 1 }, createRng(3), backend);

// By their numbers: torchvision's and timm's IMAGENET_DEFAULT_MEAN and IMAGENET_DEFAULT_STD.
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const own = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] };
const common = { filter: "lanczos", size: 20, fit: "shortSide", crop: 16 } as const;

const encoded = (text: string) => new TextEncoder().encode(text);
const json = (name: string, content: unknown) => bytesSource(encoded(JSON.stringify(content)), name);

/** Official names alone, or what else there is, as somebody's file of weights. */
async function official(beit: Beit, name = "weights.safetensors", others: readonly string[] = []): Promise<FileSource> {
  const tensors = [...(await beitToOfficial(beit))].map(
    ([one, { data, shape }]) => [one, fromFloat32(data, shape)] as const,
  );
  const more = others.map((one) => [one, fromFloat32(Float32Array.of(1), [1])] as const);
  return bytesSource(writeSafetensors(new Map([...tensors, ...more])), name);
}

async function huggingFace(beit: Beit, preprocessing: Preprocessing | undefined): Promise<FileSource[]> {
  const files = Object.entries(await toHuggingFace(beit, { preprocessing }));
  return files
    .filter(([name]) => preprocessing !== undefined || name !== "preprocessor_config.json")
    .map(([name, bytes]) => bytesSource(bytes, name));
}

const timm = async (config: object) => [await official(classifier), json("config.json", config)];

async function statisticsIn(files: FileSource | readonly FileSource[], options: OpenBeitOptions = {}) {
  const { preprocessing, normalization }: BeitFiles = await readBeitFiles(files, options);
  return [{ mean: preprocessing.mean, std: preprocessing.std }, normalization];
}

const asSaid = { name: "imagenet", reason: "files" };
const recognizedV2 = { name: "imagenet", reason: "recognized" };
const recognizedV1 = { name: "half", reason: "recognized" };
const guessed = { name: "half", reason: "convention" };

describe("what files say", () => {
  const preprocessing = { ...common, ...imagenet };

  it("ours, unilm's names written by us, Hugging Face: the whole preparation", async () => {
    for (const bytes of [
      await saveBeit(classifier, { preprocessing }),
      await saveOfficialBeit(classifier, { preprocessing }),
    ]) {
      const file = bytesSource(bytes, "model.safetensors");
      expect((await readBeitFiles(file)).preprocessing).toEqual(preprocessing);
      expect(await statisticsIn(file)).toEqual([imagenet, asSaid]);
    }
    const others = await saveBeit(classifier, { preprocessing: { ...common, ...own } });
    expect(await statisticsIn(bytesSource(others))).toEqual([own, { reason: "files" }]);
    expect(await statisticsIn(await huggingFace(classifier, preprocessing))).toEqual([imagenet, asSaid]);
    // In bytes, as mmsegmentation and some processors have them.
    const bytes = { image_mean: [123.675, 116.28, 103.53], image_std: [58.395, 57.12, 57.375], do_rescale: false };
    const [config, , weights] = await huggingFace(classifier, preprocessing);
    const processor = json("preprocessor_config.json", { size: 16, resample: 3, ...bytes });
    expect((await statisticsIn([config, weights, processor]))[1]).toEqual(asSaid);
  });

  it("timm: pretrained_cfg, in its first form at the top, and what its training script was told", async () => {
    const architecture = "beitv2_base_patch16_224";
    expect(await statisticsIn(await timm({ architecture, pretrained_cfg: imagenet }))).toEqual([imagenet, asSaid]);
    expect(await statisticsIn(await timm({ architecture, ...imagenet }))).toEqual([imagenet, asSaid]);
    const other = { architecture, pretrained_cfg: { ...own, input_size: [3, 16, 16] } };
    expect(await statisticsIn(await timm(other))).toEqual([own, { reason: "files" }]);
    const list = (items: readonly number[]): PickleValue => ({ kind: "list", items: [...items] });
    const root = (mean: PickleValue, std: PickleValue) => rootOf({ mean, std }, "beitv2_base_patch16_224");
    expect(await described(root(list(own.mean), list(own.std)))).toEqual({ reason: "files", is: own });
    const grey = { mean: [0.3, 0.3, 0.3], std: [0.2, 0.2, 0.2] };
    expect(await described(root(list([0.3]), list([0.2])))).toEqual({ reason: "files", is: grey });
    expect(await described(root(null, null))).toEqual({ reason: "recognized", is: "imagenet" });
  });

  it("unilm: the flag of its training scripts, whatever the file is called", async () => {
    const golden = new URL("../../../../tools/golden/unilm/pretraining-shared/checkpoint.pth", import.meta.url);
    const file = bytesSource(readFileSync(golden), "beitv2_base_patch16_224_pt1k.pth");
    expect(await statisticsIn(file, { config: { heads: 3 } })).toEqual([half, { name: "half", reason: "files" }]);
    const flag = (value: boolean) => rootOf({ imagenet_default_mean_and_std: value });
    expect(await described(flag(true), pretrained)).toEqual({ reason: "files", is: "imagenet" });
    expect(await described(flag(false), pretrained)).toEqual({ reason: "files", is: "half" });
    expect(await described(rootOf({ imagenet_default_mean_and_std: "yes" }), pretrained)).toBeUndefined();
  });

  it("our checkpoints of training: mean and std where they are not 0.5", async () => {
    const { tensors } = readSafetensors(await saveBeit(classifier));
    const metadata = (more: Record<string, string>) => {
      const fields = { "beitjs.stage": "fine-tune", "beitjs.config": JSON.stringify(classifier.config), ...more };
      return bytesSource(writeSafetensors(tensors, fields), "model.safetensors");
    };
    expect(await statisticsIn(metadata({}))).toEqual([half, { name: "half", reason: "files" }]);
    const noted = { "beitjs.normalization": JSON.stringify(imagenet) };
    expect(await statisticsIn(metadata(noted))).toEqual([imagenet, asSaid]);
  });

  it.each([
    [{ "beitjs.normalization": "{}" }, "expected beitjs.normalization: mean to be numbers, got none"],
    [
      { "beitjs.normalization": '{"mean":[1],"std":[0]}' },
      "expected beitjs.normalization: std to be 1 numbers above 0",
    ],
    [{ "beitjs.preprocessing": "[]" }, "[openBeit] expected an object, got []"],
    [
      { "beitjs.preprocessing": '{"mean":[0.5],"std":0.5}' },
      "beitjs.preprocessing: std to be 1 numbers above 0, got 0.5",
    ],
  ])("refuses %j by name", async (more, message) => {
    const { tensors } = readSafetensors(await saveBeit(classifier));
    const fields = { "beitjs.config": JSON.stringify(classifier.config), ...more };
    await expect(readBeitFiles(bytesSource(writeSafetensors(tensors, fields)))).rejects.toThrow(message);
  });
});

describe("what models are recognized by", () => {
  it("layers that only pre-training of BEiT v2 has", async () => {
    const layers = ["cls_pt_layers.0.gamma_1", "cls_pt_norm.bias"];
    expect(await statisticsIn(await official(pretrained, "last.pth", layers))).toEqual([imagenet, recognizedV2]);
  });

  // timm 1.0.31, models/beit.py, default_cfgs: every model it has.
  it.each([
    ["beit_base_patch16_224", half],
    ["beit_base_patch16_384", half],
    ["beit_large_patch16_224", half],
    ["beit_large_patch16_384", half],
    ["beit_large_patch16_512", half],
    ["beitv2_base_patch16_224", imagenet],
    ["beitv2_large_patch16_224", imagenet],
  ])("timm's architecture %s", async (architecture, statistics) => {
    const reason = statistics === half ? recognizedV1 : recognizedV2;
    expect(await statisticsIn(await timm({ architecture }))).toEqual([statistics, reason]);
    const sizes = { architecture, pretrained_cfg: { input_size: [3, 16, 16], crop_pct: 0.95 } };
    expect(await statisticsIn(await timm(sizes))).toEqual([statistics, reason]);
    expect(await described(rootOf(undefined, architecture))).toEqual({
      reason: "recognized",
      is: statistics === half ? "half" : "imagenet",
    });
  });

  // As microsoft/unilm and timm call what they released; the last ones say nothing of the data.
  it.each([
    ["beitv2_base_patch16_224_pt1k.pth", recognizedV2],
    ["weights/beitv2_large_patch16_224_pt1k_ft21kto1k.pth", recognizedV2],
    ["https://host/models/beitv2_base_patch16_224_pt1k_ft21k.pth?download=true", recognizedV2],
    ["my-BEiT-v2.safetensors", recognizedV2],
    ["beit_base_patch16_224_pt22k.pth", recognizedV1],
    ["C:\\weights\\beit_large_patch16_512_pt22k_ft22kto1k.pth", recognizedV1],
    ["beit_base_patch16_224.in22k_ft_in22k_in1k.safetensors", recognizedV1],
    ["beit_base_patch16_224.pth", guessed],
    ["beitv2/checkpoint-99.pth", guessed],
    ["notbeitv2.pth", guessed],
  ])("the name of a file: %s", async (name, facts) => {
    const statistics = facts === recognizedV2 ? imagenet : half;
    for (const beit of [pretrained, classifier]) {
      expect(await statisticsIn(await official(beit, name))).toEqual([statistics, facts]);
    }
  });

  it("never ImageNet's where images are not RGB", async () => {
    const expected = [{ mean: [0.5], std: [0.5] }, guessed];
    expect(await statisticsIn(await official(grey, "beitv2_grey.pth"))).toEqual(expected);
  });
});

describe("what nothing tells", () => {
  it("is 0.5 as a guess, for every origin", async () => {
    for (const files of [
      await official(pretrained),
      await official(classifier),
      bytesSource(await saveOfficialBeit(classifier)),
      bytesSource(await saveBeit(classifier)),
      await huggingFace(classifier, undefined),
    ]) {
      expect(await statisticsIn(files)).toEqual([half, guessed]);
    }
    expect(await statisticsIn(bytesSource(await saveBeit(grey)))).toEqual([{ mean: [0.5], std: [0.5] }, guessed]);
  });
});

describe("the option", () => {
  it("goes before all else, keeps the rest of the preparation, and is told as the reason", async () => {
    const said = bytesSource(await saveBeit(classifier, { preprocessing: { ...common, ...own } }));
    for (const files of [said, await official(pretrained, "beitv2.pth"), await huggingFace(classifier, undefined)]) {
      const { preprocessing: before } = await readBeitFiles(files);
      for (const [normalization, statistics] of [
        ["imagenet", imagenet],
        ["half", half],
      ] as const) {
        const { preprocessing, normalization: facts } = await openBeit(files, backend, { normalization });
        expect(preprocessing).toEqual({ ...before, ...statistics });
        expect(facts).toEqual({ name: normalization, reason: "option" });
      }
    }
  });

  it("holds for other sizes of images, and for grey ones as far as it can", async () => {
    const options = { normalization: "imagenet", imageSize: 32 } as const;
    expect((await openBeit(await official(classifier), backend, options)).preprocessing).toMatchObject({
      crop: 32,
      ...imagenet,
    });
    const file = bytesSource(await saveBeit(grey));
    expect((await openBeit(file, backend, { normalization: "half" })).preprocessing.mean).toEqual([0.5]);
    await expect(openBeit(file, backend, { normalization: "imagenet" })).rejects.toThrow(
      "[namedNormalization] expected RGB for ImageNet's mean and std (--normalization imagenet), got 1 channel",
    );
  });
});

it("names mean and std but for rounding", () => {
  expect(normalizationName(namedNormalization("imagenet", 3))).toBe("imagenet");
  expect(normalizationName({ mean: [127.5 / 255], std: [127.5 / 255] })).toBe("half");
  expect(normalizationName({ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.25] })).toBeUndefined();
  expect(normalizationName({ mean: imagenet.mean, std: half.std })).toBeUndefined();
});

/** What is known of a torch file with this tree beside the weights. */
async function described(root: PickleValue, beit = classifier) {
  const { tensors } = await openFiles([await official(beit)]);
  const contents: Contents = { tensors, metadata: {}, root };
  const found = originOf(contents);
  return found.origin.describe(contents, found.tensors, { config: {} }).normalization;
}

/** As training scripts save it: an object of their arguments, and timm's name of the architecture. */
function rootOf(args: Readonly<Record<string, PickleValue>> | undefined, arch?: string): PickleValue {
  const state: PickleValue = { kind: "dict", entries: new Map(Object.entries(args ?? {})), attributes: null };
  const entries = new Map<PickleValue, PickleValue>();
  if (arch !== undefined) entries.set("arch", arch);
  if (args) entries.set("args", { kind: "object", className: "argparse.Namespace", args: [], state });
  return { kind: "dict", entries, attributes: null };
}
