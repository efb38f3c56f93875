// Plain vision transformers against timm, transformers and torch: from what tools/golden/vision-transformers/make.py wrote; weights come
// from its formula.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sizeOf, type Shape } from "@beitjs/tensor-core";
import { bytesSource, type FileSource } from "@beitjs/tensor-core/files";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createRng } from "@beitjs/tensor-core/random";
import { fromFloat32, readSafetensors, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import { hashSigned } from "@beitjs/tensor-core/testing";
import {
  attentionMaps,
  attentionRollout,
  classLogits,
  encode,
  encodeWithFeatures,
  openBeit,
  pooledFeatures,
  saveBeit,
  saveOfficialBeit,
  toClassifier,
  toHuggingFace,
  type Beit,
  type BeitConfig,
  type OpenBeitOptions,
} from "../../index.ts";
import { goldenPixels, readExpected, relativeError, trainTenSteps } from "../../testing/golden.ts";
import { visionTransformers } from "./index.ts";

const reference = createReferenceBackend();
const [side, larger] = [24, 40];

/** What is known of each: its origin, and what its config has beside sizes. */
const models: readonly [name: string, origin: string, config: Partial<BeitConfig>][] = [
  ["timm-token", "timm-vit", { classes: 4, layerScale: 0, pooling: "class", epsilon: 1e-6 }],
  ["timm-mean", "timm-vit", { classes: 4, pooling: "mean", epsilon: 1e-6 }],
  ["timm-registers", "timm-vit", { classes: 4, registers: 2, pooling: "class" }],
  ["timm-deit3", "timm-vit", { classes: 4, pooling: "class" }],
  ["dino", "dino", { classes: 0, layerScale: 0, pooling: "class", poolingNorm: "before" }],
  ["mae", "mae", { classes: 0, layerScale: 0, pooling: "class", poolingNorm: "before" }],
  ["vit", "hugging-face-vit", { classes: 4, layerScale: 0, pooling: "class", epsilon: 1e-12 }],
  ["vit-headless", "hugging-face-vit", { classes: 0, layerScale: 0, poolingNorm: "before", epsilon: 1e-12 }],
  ["vit-mae", "hugging-face-vit", { classes: 0, layerScale: 0, poolingNorm: "before", epsilon: 1e-12 }],
  ["dinov2", "hugging-face-vit", { classes: 0, layerScale: 1, poolingNorm: "before", epsilon: 1e-6 }],
  ["dinov2-registers", "hugging-face-vit", { classes: 0, layerScale: 1, registers: 3, epsilon: 1e-6 }],
];

function fileOf(name: string): Uint8Array {
  return readFileSync(new URL(`../../../../../tools/golden/vision-transformers/${name}`, import.meta.url));
}

function golden(name: string) {
  const bytes = fileOf(`${name}.safetensors`);
  const { metadata } = readSafetensors(bytes);
  const listed = JSON.parse(metadata["tensors"]) as readonly (readonly [name: string, shape: Shape])[];
  return { ...readExpected(bytes), listed, config: metadata["config"] as string | undefined };
}

const json = (text: string) => bytesSource(new TextEncoder().encode(text), "config.json");

function filesOf(name: string, rename: (name: string) => string = (one) => one): FileSource[] {
  if (name === "dino" || name === "mae") return [bytesSource(fileOf(`${name}.pth`), `${name}.pth`)];
  const { listed, config } = golden(name);
  const tensors = listed.map(([tensor, shape], k) => {
    const offset = shape.length === 1 ? 1 : 0;
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => offset + 0.3 * hashSigned(k, i));
    return [rename(tensor), fromFloat32(data, shape)] as const;
  });
  const weights = bytesSource(writeSafetensors(tensors, { format: "pt" }), "model.safetensors");
  return config === undefined ? [weights] : [weights, json(config)];
}

function open(name: string, options: OpenBeitOptions = {}) {
  const given = { ...options, origins: visionTransformers, config: { heads: 3, ...options.config } };
  return openBeit(filesOf(name), reference, given);
}

function outputOf(beit: Beit, size: number) {
  const encoded = encode(beit, goldenPixels(hashSigned, size, reference));
  return (beit.config.classes > 0 ? classLogits(beit, encoded) : pooledFeatures(beit, encoded)).readSync();
}

describe.each(models)("%s", (name, origin, config) => {
  const { expected, names } = golden(name);

  it("is told apart, and computes what the original does", async () => {
    const opened = await open(name);
    expect(opened.origin).toBe(origin);
    const sizes = { imageSize: side, patchSize: 8, width: 12, depth: 2, heads: 3, mlpRatio: 2 };
    expect(opened.beit.config).toMatchObject({ ...sizes, absolutePositions: true, ...config });
    expect(relativeError(outputOf(opened.beit, side), expected("output"))).toBeLessThan(1e-5);
  });

  if (names.includes("resized"))
    it("meets images of another size as its code does", async () => {
      const { beit } = await open(name, { imageSize: larger });
      expect(relativeError(outputOf(beit, larger), expected("resized"))).toBeLessThan(1e-5);
    });

  if (names.includes("losses"))
    it("learns as in torch, its keys' bias standing still", async () => {
      const { beit } = await open(name);
      const options = { learningRate: 5e-3, beta2: 0.999, weightDecay: () => 0 };
      const losses = trainTenSteps(beit, goldenPixels(hashSigned, side, reference), options);
      expect(relativeError(losses, expected("losses"))).toBeLessThan(1e-4);
      expect(losses[9]).toBeLessThan(losses[0] * 0.5);
    });

  it("comes back from a file of ours, and can be fine-tuned", async () => {
    const { beit } = await open(name);
    const again = await openBeit(bytesSource(await saveBeit(beit), "model.safetensors"), reference);
    expect(again.beit.config).toEqual(beit.config);
    expect(relativeError(outputOf(again.beit, side), outputOf(beit, side))).toBe(0);
    const classifier = await toClassifier(beit, { classes: 5, pooling: "mean" }, createRng(1));
    expect(classifier.config.registers).toBe(config.registers);
    expect(outputOf(classifier, side)).toHaveLength(10);
  });

  it("goes to BEiT's files where it has no registers", async () => {
    const { beit } = await open(name);
    if (beit.config.registers) {
      await expect(saveOfficialBeit(beit)).rejects.toThrow(/^\[saveOfficialBeit\] expected a model without registers/);
      await expect(toHuggingFace(beit)).rejects.toThrow(/expected a model without registers/);
      return;
    }
    const official = bytesSource(await saveOfficialBeit(beit), "model.safetensors");
    const back = await openBeit(official, reference, { origins: visionTransformers });
    expect(back.origin).toBe("unilm");
    expect(relativeError(outputOf(back.beit, side), outputOf(beit, side))).toBe(0);
  });
});

it("has features and attention of patches alone where there are registers", async () => {
  const { beit } = await open("dinov2-registers");
  const pixels = goldenPixels(hashSigned, side, reference);
  const { encoded, features } = encodeWithFeatures(beit, pixels);
  expect(features.map(({ shape }) => shape)).toEqual([
    [2, 10, 12],
    [2, 10, 12],
  ]);
  expect(features[1].readSync()).toEqual(encoded.readSync());
  for (const rollout of await attentionRollout(beit, pixels)) expect(rollout).toHaveLength(10 * 10);
  const [map] = attentionMaps(beit, pixels, { patches: [4] });
  expect(map.shape).toEqual([2, 3, 1, 10]);
  const values = [...map.readSync()];
  const sums = Array.from({ length: 6 }, (_, row) => values.slice(row * 10, row * 10 + 10).reduce((a, b) => a + b, 0));
  for (const sum of sums) {
    expect(sum).toBeGreaterThan(0.1);
    expect(sum).toBeLessThan(0.999);
  }
});

describe("DINO's files", () => {
  it("of training are those of the teacher, of MoCo v3 those of the encoder that is not averaged", async () => {
    const places = [
      ["teacher.backbone.", "student.module.backbone."],
      ["module.base_encoder.", "module.momentum_encoder."],
    ];
    for (const [wanted, other] of places) {
      const { listed } = golden("timm-token");
      const of = (place: string, scale: number) =>
        listed.map(([tensor, shape], k) => {
          const offset = shape.length === 1 ? 1 : 0;
          const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => offset + 0.3 * hashSigned(k, i));
          return [
            place + tensor,
            fromFloat32(
              values.map((value) => value * scale),
              shape,
            ),
          ] as const;
        });
      const bytes = writeSafetensors([...of(other, 0.5), ...of(wanted, 1)], {});
      const { beit } = await openBeit(bytesSource(bytes, "checkpoint.safetensors"), reference, {
        origins: visionTransformers,
        config: { heads: 3 },
      });
      expect(relativeError(outputOf(beit, side), golden("timm-token").expected("output"))).toBeLessThan(1e-5);
    }
  });
});

describe("what is no plain vision transformer", () => {
  const refused = (files: FileSource[]) => openBeit(files, reference, { origins: visionTransformers });

  it.each([
    ["blocks.0.norm1.weight", "norm_pre.weight", "a norm before the blocks, as in CLIP (norm_pre.weight)"],
    ["pos_embed", "rope_embed.periods", "the rotary positions of DINOv3 (rope_embed.periods)"],
    ["pos_embed", "positions", "other positions than learned absolute ones (no pos_embed)"],
    ["blocks.1.mlp.fc1.weight", "blocks.1.mlp.w12.weight", "SwiGLU, as in DINOv2's giant (blocks.1.mlp.w12.weight)"],
    ["cls_token", "dist_token", "DeiT's distillation token (dist_token)"],
  ])("%s as %s", async (from, to, what) => {
    const files = filesOf("timm-token", (name) => (name === from ? to : name));
    await expect(refused(files)).rejects.toThrow(`[openBeit] expected a plain vision transformer`);
    await expect(refused(files)).rejects.toThrow(`got ${what}`);
  });

  it("DINOv3 of transformers, SwiGLU of DINOv2, other activations, by name", async () => {
    const ofDinov3 = writeSafetensors(
      [["embeddings.patch_embeddings.weight", fromFloat32(new Float32Array(4), [1, 1, 2, 2])]],
      {},
    );
    await expect(refused([bytesSource(ofDinov3, "model.safetensors")])).rejects.toThrow(
      "got the rotary positions of DINOv3",
    );
    const [weights] = filesOf("dinov2");
    const said = (field: object) =>
      refused([
        weights,
        json(JSON.stringify({ ...(JSON.parse(golden("dinov2").config as string) as object), ...field })),
      ]);
    await expect(said({ use_swiglu_ffn: true })).rejects.toThrow("expected use_swiglu_ffn false");
    await expect(said({ hidden_act: "quick_gelu" })).rejects.toThrow('expected hidden_act "gelu"');
  });
});
