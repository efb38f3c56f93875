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
  toHuggingFace,
  type BeitConfig,
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
    [{ image_size: 8e8 }, "where it should be ["],
    [{ patch_size: 1e9, image_size: 1e9 }, "where it should be ["],
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
