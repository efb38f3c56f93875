// Tokenizers from files of every origin: what is read from them, what is inferred, what is said of those that do not fit.
import { describe, expect, it } from "vitest";
import { leaves, tensor, type Tensor } from "@beitjs/tensor-core";
import { bytesSource, type FileSource } from "@beitjs/tensor-core/files";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, toFloat32, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { hashUniform } from "@beitjs/tensor-core/testing";
import {
  dvaeVariants,
  initTokenizer,
  loadTokenizer,
  openTokenizer,
  openTokenizerEncoder,
  readTokenizerFiles,
  saveOfficialTokenizer,
  saveTokenizer,
  tokenize,
  tokenizerToOfficial,
  type DvaeConfig,
  type Tokenizer,
} from "../index.ts";

const backend = createReferenceBackend();
const dallE: DvaeConfig = {
  ...dvaeVariants["dall-e"],
  imageSize: 16,
  vocabSize: 9,
  codebookWidth: 3,
  hidden: 8,
  groups: 3,
  blocksPerGroup: 2,
};
const customized: DvaeConfig = {
  ...dvaeVariants["beit-customized"],
  imageSize: 16,
  vocabSize: 9,
  codebookWidth: 5,
  hidden: 4,
};
const pytorch: DvaeConfig = {
  ...dvaeVariants["dalle-pytorch"],
  imageSize: 16,
  vocabSize: 9,
  codebookWidth: 5,
  hidden: 4,
  layers: 2,
  middleBlocks: 1,
};
const plain: DvaeConfig = { ...pytorch, layers: 3, middleBlocks: 0 };

const made = (config: DvaeConfig): Tokenizer => initTokenizer(config, createRng(1), backend);

async function valuesOf(params: object): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const [path, leaf] of leaves<Tensor>(params)) values.set(path, Float32Array.from(await leaf.read()));
  return values;
}

function fileOf(tensors: Iterable<readonly [string, SafeTensor]>, name = "weights"): FileSource {
  return bytesSource(writeSafetensors([...tensors]), name);
}

// OpenAI's two files: the same names in both.
async function halves(tokenizer: Tokenizer): Promise<{ readonly encoder: FileSource; readonly decoder: FileSource }> {
  const official = await tokenizerToOfficial(tokenizer);
  const half = (name: string) =>
    fileOf(
      [...official]
        .filter(([key]) => key.startsWith(name))
        .map(([key, value]) => [key.slice(name.length + 1), value] as const),
      `${name}.pkl`,
    );
  return { encoder: half("encoder"), decoder: half("decoder") };
}

describe("openTokenizer", () => {
  it.each<[string, DvaeConfig]>([
    ["openai/DALL-E", dallE],
    ["unilm", customized],
    ["DALLE-pytorch with residual blocks", pytorch],
    ["DALLE-pytorch with one block", { ...pytorch, layers: 1 }],
    ["DALLE-pytorch without", plain],
  ])("infers the config of official tensors: %s", async (_, config) => {
    const tokenizer = made(config);
    const file = bytesSource(await saveOfficialTokenizer(tokenizer));
    const opened = await openTokenizer(file, backend, { imageSize: 16 });
    expect(opened.tokenizer.config).toEqual(config);
    expect(await valuesOf(opened.tokenizer.params)).toEqual(await valuesOf(tokenizer.params));
    expect(opened.unused).toEqual([]);
  });

  it("takes a grid's size from the originals where nobody says it", async () => {
    const file = bytesSource(await saveOfficialTokenizer(made(customized)));
    const { tokenizer } = await openTokenizer(file, backend);
    expect(tokenizer.config.imageSize).toBe(112);
  });

  it("joins OpenAI's two files, in any order", async () => {
    const tokenizer = made(dallE);
    const { encoder, decoder } = await halves(tokenizer);
    for (const files of [
      [encoder, decoder],
      [decoder, encoder],
    ]) {
      const opened = await openTokenizer(files, backend, { imageSize: 16 });
      expect(opened).toMatchObject({ origin: "dall-e", unused: [] });
      expect(opened.tokenizer.config).toEqual(dallE);
      expect(await valuesOf(opened.tokenizer.params)).toEqual(await valuesOf(tokenizer.params));
    }
  });

  it("reads its own files", async () => {
    const tokenizer = made({ ...pytorch, reconstruction: "smooth-l1", pixelRange: "unit" });
    const opened = await openTokenizer(bytesSource(await saveTokenizer(tokenizer)), backend);
    expect(opened.origin).toBe("beitjs");
    expect(opened.tokenizer.config).toEqual(tokenizer.config);
    expect(await valuesOf(opened.tokenizer.params)).toEqual(await valuesOf(tokenizer.params));
  });

  it.each(["weights.", "vae.", "model.d_vae."])("finds the parameters under %s", async (prefix) => {
    const tokenizer = made(customized);
    const official = await tokenizerToOfficial(tokenizer);
    const one = fromFloat32(Float32Array.of(1), [1]);
    const nested = [...official].map(([name, value]) => [prefix + name, value] as const);
    const opened = await openTokenizer(fileOf([["optimizer.0", one], ...nested]), backend);
    expect(await valuesOf(opened.tokenizer.params)).toEqual(await valuesOf(tokenizer.params));
  });

  it("lists what is missing, unexpected and of another shape, all at once, and frees what it made", async () => {
    const official = await tokenizerToOfficial(made(pytorch));
    const one = fromFloat32(Float32Array.of(1), [1]);
    official.delete("decoder.0.bias");
    official.set("encoder.0.0.bias", one).set("foo", one);
    official.set("decoder.4.bias", { dtype: "I8", shape: [3], data: new Uint8Array(3) });
    const live = backend.memory().tensors;
    const error = await openTokenizer(fileOf(official), backend).catch((reason: Error) => reason.message);
    expect(error).toContain("[openTokenizer] expected the tensors of a dVAE, got ");
    expect(error).toContain("encoder.0.0.bias [1] where it should be [4]");
    expect(error).toContain("unexpected foo");
    expect(error).toContain("no decoder.0.bias");
    expect(error).toContain("decoder.4.bias of I8");
    expect(backend.memory().tensors).toBe(live);
  });

  it.each<[string, () => Promise<FileSource[]>, string]>([
    ["no file", async () => [], "expected a file of weights, got none"],
    [
      "another model",
      async () => [fileOf([["head.weight", fromFloat32(Float32Array.of(1), [1])]], "beit.pth")],
      "expected the parameters of a dVAE in beit.pth, got head.weight",
    ],
    [
      "a decoder alone",
      async () => [(await halves(made(dallE))).decoder],
      "expected encoder and decoder, got no encoder",
    ],
    [
      "an encoder alone",
      async () => [(await halves(made(dallE))).encoder],
      "expected encoder and decoder, got no decoder",
    ],
    [
      "two encoders",
      async () => [(await halves(made(dallE))).encoder, (await halves(made(dallE))).encoder],
      "expected every tensor once, got two named encoder.blocks.",
    ],
    [
      "two files of the strided kind",
      async () => [
        fileOf(await tokenizerToOfficial(made(plain)), "a"),
        fileOf(await tokenizerToOfficial(made(plain)), "b"),
      ],
      "expected one file, got a, b",
    ],
  ])("refuses %s", async (_, files, message) => {
    await expect(files().then((found) => openTokenizer(found, backend))).rejects.toThrow(`[openTokenizer] ${message}`);
  });
});

describe("openTokenizerEncoder", () => {
  it.each<[string, DvaeConfig]>([
    ["openai/DALL-E", dallE],
    ["unilm", customized],
  ])("tokenizes without a decoder: %s", async (_, config) => {
    const tokenizer = made(config);
    const file =
      config === dallE ? (await halves(tokenizer)).encoder : bytesSource(await saveOfficialTokenizer(tokenizer));
    const { tokenizer: encoder } = await openTokenizerEncoder(file, backend, { imageSize: 16 });
    expect(leaves<Tensor>(encoder.params).every(([path]) => path.startsWith("encoder."))).toBe(true);
    const images = tensor(
      Float32Array.from({ length: 2 * 16 * 16 * 3 }, (_, i) => hashUniform(3, i)),
      [2, 16, 16, 3],
      backend,
    );
    expect(tokenize(encoder, images).readSync()).toEqual(tokenize(tokenizer, images).readSync());
  });
});

describe("readTokenizerFiles", () => {
  it("reads no parameter", async () => {
    const bytes = await saveOfficialTokenizer(made({ ...dallE, vocabSize: 4000 }));
    let read = 0;
    const counting: FileSource = {
      name: "counted",
      size: bytes.length,
      read: async (start, end) => {
        read += end - start;
        return bytes.subarray(start, end);
      },
    };
    const { config } = await readTokenizerFiles(counting, { imageSize: 16 });
    expect(config.vocabSize).toBe(4000);
    expect(read).toBeLessThan(bytes.length / 2);
  });
});

describe("a parameter that is no number", () => {
  it.each([
    ["dall-e", dallE],
    ["beit-customized", customized],
    ["dalle-pytorch", pytorch],
  ])("is refused by name in files of %s, and of ours", async (_, config) => {
    const tokenizer = made(config);
    const official = await tokenizerToOfficial(tokenizer);
    const [name, first] = [...official].find(([, { shape }]) => shape.length === 4) as [string, SafeTensor];
    for (const [value, word] of [
      [NaN, "NaN"],
      [-Infinity, "-Infinity"],
    ] as const) {
      const values = toFloat32(first).slice();
      values[5] = value;
      const damaged = new Map([...official, [name, fromFloat32(values, first.shape)] as const]);
      const file = fileOf(damaged);
      const expected = `[openTokenizer] expected finite parameters, got ${word} in ${name} (value 5 of ${values.length})`;
      await expect(openTokenizer(file, backend, { config })).rejects.toThrow(expected);
      await expect(openTokenizerEncoder(file, backend, { config })).rejects.toThrow(expected);
      const bytes = writeSafetensors([...damaged]);
      expect(() => loadTokenizer(bytes, backend, { config })).toThrow(
        /\[loadTokenizer\] expected finite parameters, got/,
      );
    }
  });
});
