// The list of origins: complete, and told apart.
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { bytesSource } from "@beitjs/tensor-core/files";
import { fromFloat32, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import {
  dvaeVariants,
  hasTokenizerNames,
  initTokenizer,
  openTokenizer,
  readTokenizerFiles,
  saveOfficialTokenizer,
  saveTokenizer,
  tokenizerOrigins,
  tokenizerToOfficial,
  type DvaeConfig,
} from "../../index.ts";

const backend = createReferenceBackend();
const small = { imageSize: 16, vocabSize: 9, codebookWidth: 5, hidden: 4 };
const customized: DvaeConfig = { ...dvaeVariants["beit-customized"], ...small };
const pytorch: DvaeConfig = { ...dvaeVariants["dalle-pytorch"], ...small };
const dallE: DvaeConfig = { ...dvaeVariants["dall-e"], ...small, groups: 2, hidden: 8 };
const made = (config: DvaeConfig) => initTokenizer(config, createRng(1), backend);

describe("the origin of a tokenizer", () => {
  it.each<[string, DvaeConfig]>([
    ["unilm", customized],
    ["unilm", { ...customized, layers: 1 }],
    ["dalle-pytorch", pytorch],
    ["dalle-pytorch", { ...pytorch, layers: 1, middleBlocks: 1 }],
    ["dalle-pytorch", { ...pytorch, middleBlocks: 0 }],
    ["dall-e", dallE],
  ])("is %s", async (name, config) => {
    const tokenizer = made(config);
    const { origin, config: read } = await readTokenizerFiles(bytesSource(await saveOfficialTokenizer(tokenizer)), {
      imageSize: 16,
    });
    expect(origin).toBe(name);
    expect(read).toEqual(config);
    expect(hasTokenizerNames((await tokenizerToOfficial(tokenizer)).keys())).toBe(true);
    expect((await readTokenizerFiles(bytesSource(await saveTokenizer(tokenizer)))).origin).toBe("beitjs");
  });

  it("must be one", async () => {
    const files = await Promise.all(
      [customized, dallE].map(async (config, i) => bytesSource(await saveOfficialTokenizer(made(config)), `${i}`)),
    );
    await expect(readTokenizerFiles(files)).rejects.toThrow("[openTokenizer] expected one file, got 0, 1");
  });

  it("is not BEiT v2's, whose tokenizer is another network", async () => {
    const one = fromFloat32(Float32Array.of(1), [1]);
    const names = ["encoder.patch_embed.proj.weight", "quantize.embedding.weight", "encode_task_layer.0.weight"];
    const file = writeSafetensors(names.map((name) => [`model.${name}`, one] as const));
    await expect(readTokenizerFiles(bytesSource(file, "vqkd.pth"))).rejects.toThrow(
      "[openTokenizer] expected the parameters of a dVAE in vqkd.pth, got BEiT v2's tokenizer (VQ-KD), which is another network;",
    );
  });

  it("allows the constants beside its parameters, and no others", async () => {
    const one = fromFloat32(Float32Array.of(1), [1]);
    const withConstant = async (config: DvaeConfig) => {
      const tensors = new Map([...(await tokenizerToOfficial(made(config))), ["temperature", one] as const]);
      return openTokenizer(bytesSource(writeSafetensors(tensors)), backend, { imageSize: 16 });
    };
    expect((await withConstant(customized)).unused).toEqual(["temperature"]);
    expect((await withConstant(pytorch)).unused).toEqual(["temperature"]);
    await expect(withConstant(dallE)).rejects.toThrow("unexpected temperature");
  });

  it("knows every module of its folder", () => {
    const modules = readdirSync(new URL(".", import.meta.url)).filter(
      (name) => !/^(index|origin|.*\.test)\.ts$/.test(name),
    );
    const files = Object.keys(tokenizerOrigins).map((name) => (name === "beitjs" ? "ours.ts" : `${name}.ts`));
    expect(modules.sort()).toEqual(files.sort());
  });
});
