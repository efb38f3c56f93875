// Kinds of models that are rare in files, against transformers and timm: both tables of relative positions, Data2VecVision,
// the encoder of a segmentation model, no mask token, no biases of queries and values, sides that patches do not divide, names
// on disk and in memory. From what tools/golden/kinds/make.py wrote; weights come from its formula.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sizeOf, type Shape } from "@beitjs/tensor-core";
import { bytesSource, type FileSource } from "@beitjs/tensor-core/files";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, readSafetensors, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned } from "@beitjs/tensor-core/testing";
import {
  classLogits,
  encode,
  openBeit,
  pooledFeatures,
  readParameters,
  saveBeit,
  saveOfficialBeit,
  toHuggingFace,
  visualTokenLogits,
  type Beit,
  type BeitConfig,
} from "../index.ts";
import { goldenPixels, readExpected, relativeError } from "../testing/golden.ts";

const simd = await createSimdBackend({ threads: 2 });
const reference = createReferenceBackend();

type Listed = readonly [disk: string, memory: string, shape: Shape];
const models: readonly [name: string, config: Partial<BeitConfig>][] = [
  ["both-tables", { relativePositions: "per-layer", classes: 4 }],
  ["data2vec", { relativePositions: "per-layer", absolutePositions: true, classes: 4 }],
  ["data2vec-class", { pooling: "class", poolingNorm: "before", classes: 0, layerScale: 0 }],
  ["no-mask-token", { relativePositions: "shared", vocabSize: 11, classes: 0 }],
  ["segmentation", { relativePositions: "per-layer", classes: 0, vocabSize: 0 }],
  ["rounded-down", { imageSize: 29, absolutePositions: true, classes: 4 }],
  ["timm-rounded-down", { imageSize: [29, 20], relativePositions: "per-layer", classes: 4 }],
  ["timm-no-bias", { relativePositions: "per-layer", classes: 4 }],
  ["timm-no-bias-positions", { absolutePositions: true, layerScale: 0, heads: 3, classes: 4 }],
];

function golden(name: string) {
  const bytes = readFileSync(new URL(`../../../../tools/golden/kinds/${name}.safetensors`, import.meta.url));
  const { metadata } = readSafetensors(bytes);
  const listed = JSON.parse(metadata["tensors"]) as readonly Listed[];
  return { expected: readExpected(bytes).expected("output"), listed, config: metadata["config"] };
}

/** Weights under the names of files or of memory, as the script's `fill` made them. */
function weightsOf(listed: readonly Listed[], names: "disk" | "memory" = "disk"): FileSource {
  const tensors = listed.map(([disk, memory, shape], k) => {
    const offset = shape.length === 1 ? 1 : 0;
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => offset + 0.3 * hashSigned(k, i));
    return [names === "disk" ? disk : memory, fromFloat32(data, shape)] as const;
  });
  return bytesSource(writeSafetensors(tensors, { format: "pt" }), "model.safetensors");
}

const json = (text: string) => bytesSource(new TextEncoder().encode(text), "config.json");

function output(beit: Beit): ArrayLike<number> {
  const { config } = beit;
  const encoded = encode(beit, goldenPixels(hashSigned, config.imageSize, beit.params.classToken.backend));
  if (config.classes > 0) return classLogits(beit, encoded).readSync();
  if (config.vocabSize > 0) return visualTokenLogits(beit, encoded).readSync();
  return config.poolingNorm ? pooledFeatures(beit, encoded).readSync() : encoded.readSync();
}

const error = (beit: Beit, expected: ArrayLike<number>) =>
  relativeError(Float32Array.from(output(beit)), Float32Array.from(expected));

describe.each([
  ["simd", simd],
  ["reference", reference],
] as const)("on %s", (_, backend) => {
  it.each(models)("%s: what the original computes", async (name, config) => {
    const { expected, listed, config: text } = golden(name);
    const { beit, unused } = await openBeit([weightsOf(listed), json(text)], backend);
    expect(beit.config).toMatchObject(config);
    expect(error(beit, expected)).toBeLessThan(1e-5);
    const aside = listed.map(([disk]) => disk).filter((disk) => /^(fpn\d|decode_head|auxiliary_head)\./.test(disk));
    expect(aside.length > 20).toBe(name === "segmentation");
    expect([...unused].sort()).toEqual(aside);
  });
});

describe.each(models)("%s", (name, config) => {
  const { expected, listed, config: text } = golden(name);
  const isTimm = name.startsWith("timm");

  it("has the same numbers under the names of memory, and without its config", async () => {
    const memory = await openBeit([weightsOf(listed, "memory"), json(text)], reference);
    expect(error(memory.beit, expected)).toBeLessThan(1e-5);
    const { heads, epsilon, imageSize } = memory.beit.config;
    const known = name === "rounded-down" || name === "timm-rounded-down" ? { imageSize } : {};
    // Without positions of any kind in its own table, the shapes do not tell the heads.
    const bare = await openBeit(weightsOf(listed, "memory"), reference, {
      config: { heads, epsilon, ...known },
    });
    expect(error(bare.beit, expected)).toBeLessThan(1e-5);
    expect(bare.beit.config).toMatchObject({ ...config, layerScale: expect.any(Number) as number });
  });

  it("comes back from our files, from official names and from a folder of transformers", async () => {
    const { beit } = await openBeit([weightsOf(listed), json(text)], reference);
    const values = await readParameters(beit);
    const ours = await openBeit(bytesSource(await saveBeit(beit), "model.safetensors"), reference);
    expect(ours.beit.config).toEqual(beit.config);
    expect(await readParameters(ours.beit)).toEqual(values);
    const { heads, epsilon, imageSize, pooling } = beit.config;
    const official = await openBeit(bytesSource(await saveOfficialBeit(beit), "model.safetensors"), reference, {
      config: { heads, epsilon },
    });
    expect(official.beit.config).toMatchObject({ imageSize, pooling });
    expect(await readParameters(official.beit)).toEqual(values);
    const files = Object.entries(await toHuggingFace(beit));
    const folder = files.map(([file, bytes]) => bytesSource(bytes, file));
    const back = await openBeit(folder, reference);
    expect(back.beit.config.imageSize).toEqual(imageSize);
    expect(await readParameters(back.beit)).toEqual(values);
  });

  it("does not add a shared table that its config does not have", async () => {
    if (isTimm || !text.includes('"use_shared_relative_position_bias": true')) return;
    if (!text.includes('"use_relative_position_bias": true')) return;
    const own = text.replace('"use_shared_relative_position_bias": true', '"use_shared_relative_position_bias": false');
    await expect(openBeit([weightsOf(listed), json(own)], reference)).rejects.toThrow(
      /got unexpected (beit|data2vec_vision)\.encoder\.relative_position_bias\.relative_position_bias_table;/,
    );
  });

  it("is refused where some of what it may do without is there and some is not", async () => {
    const one = isTimm ? "blocks.1.attn.q_bias" : "encoder.layer.1.lambda_1";
    if (isTimm ? !name.includes("no-bias") : config.layerScale !== 0) return;
    const more: Listed = [one, one, [12]];
    const broken = openBeit([weightsOf([...listed, more]), json(text)], reference);
    await expect(broken).rejects.toThrow(isTimm ? "no blocks.0.attn.q_bias" : `unexpected ${one}`);
  });
});
