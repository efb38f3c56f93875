// Against timm where the norm stands about pooling: models that its factory made and wrote, with a head and without; its
// config.json is all that tells some of them apart. From what tools/golden/timm/make.py wrote; weights come from its formula.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sizeOf, type Backend } from "@beitjs/tensor-core";
import { bytesSource } from "@beitjs/tensor-core/files";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, readSafetensors, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned } from "@beitjs/tensor-core/testing";
import {
  classLogits,
  encode,
  openBeit,
  pooledFeatures,
  poolingNormOf,
  saveBeit,
  saveOfficialBeit,
  toClassifier,
  toHuggingFace,
  type Beit,
  type BeitConfig,
} from "../index.ts";
import { goldenPixels, officialGradients, pickErrors, readExpected, relativeError, run } from "../testing/golden.ts";
import { officialNaming } from "./official.ts";

const simd = await createSimdBackend({ threads: 2 });
const reference = createReferenceBackend();
const common: BeitConfig = {
  imageSize: 32,
  channels: 3,
  patchSize: 16,
  width: 64,
  depth: 1,
  heads: 2,
  mlpRatio: 4,
  absolutePositions: true,
  relativePositions: "none",
  layerScale: 0.1,
  dropPath: 0,
  epsilon: 1e-6,
  vocabSize: 0,
  classes: 5,
  pooling: "mean",
};
/** The configs that the files describe; a place that is BEiT's own is not said. */
const models: readonly [name: string, config: BeitConfig][] = [
  ["avg-after", common],
  ["avg-before", { ...common, poolingNorm: "before" }],
  ["token-after", { ...common, pooling: "class", poolingNorm: "after" }],
  ["token-before", { ...common, pooling: "class" }],
  ["avg-after-headless", { ...common, classes: 0, poolingNorm: "after" }],
  ["avg-before-headless", { ...common, classes: 0, poolingNorm: "before" }],
  ["token-after-headless", { ...common, classes: 0, pooling: "class", poolingNorm: "after" }],
  ["token-before-headless", { ...common, classes: 0, pooling: "class", poolingNorm: "before" }],
];

function golden(name: string) {
  const bytes = readFileSync(new URL(`../../../../tools/golden/timm/norms/${name}.safetensors`, import.meta.url));
  return { ...readExpected(bytes), config: readSafetensors(bytes).metadata["config"] };
}

/** The weights that the script's `fill` made, as timm stores them. */
function weightsOf(config: BeitConfig) {
  const shapes = [...officialNaming.shapes(config)].sort(([a], [b]) => (a < b ? -1 : 1));
  const tensors = shapes.map(([name, shape], k) => {
    const offset = /norm.*weight$/.test(name) ? 1 : name.includes("gamma_") ? 0.5 : 0;
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => offset + 0.2 * hashSigned(k, i));
    return [name, fromFloat32(data, shape)] as const;
  });
  return bytesSource(writeSafetensors(tensors, { format: "pt" }), "model.safetensors");
}

function filesOf(name: string, config: BeitConfig, edit: (json: string) => string = (json) => json) {
  return [weightsOf(config), bytesSource(new TextEncoder().encode(edit(golden(name).config)), "config.json")];
}

const bytesOf = (bytes: Uint8Array) => bytesSource(bytes, "model.safetensors");
const open = async (name: string, config: BeitConfig, backend: Backend) =>
  (await openBeit(filesOf(name, config), backend)).beit;
const pixels = (backend: Backend) => goldenPixels(hashSigned, 32, backend);
const pool = (beit: Beit, backend: Backend) => pooledFeatures(beit, encode(beit, pixels(backend))).readSync();

describe.each([
  ["simd", simd],
  ["reference", reference],
] as const)("timm's norm on %s", (_, backend) => {
  it.each(models)("%s: config, pooled vector, logits, every gradient", async (name, config) => {
    const { expected, names } = golden(name);
    const beit = await open(name, config, backend);
    expect(beit.config).toEqual(config);
    expect(relativeError(pool(beit, backend), expected("pooled"))).toBeLessThan(1e-5);
    if (config.classes === 0) return;
    const { logits, loss } = run(beit, pixels(backend));
    expect(relativeError(logits.readSync(), expected("logits"))).toBeLessThan(1e-5);
    expect(relativeError(loss.readSync(), expected("loss"))).toBeLessThan(1e-5);
    const gradients = await officialGradients(beit, pixels(backend));
    const wanted = names.filter((one) => one.startsWith("gradient."));
    expect([...gradients.keys()].map((one) => `gradient.${one}`).sort()).toEqual(wanted.sort());
    for (const [what, error] of pickErrors(gradients, (one) => expected(`gradient.${one}`))) {
      expect(error, what).toBeLessThan(1e-4);
    }
  });
});

describe("a norm at any place", () => {
  it.each(models)("%s: comes back from our files and from official names", async (name, config) => {
    const beit = await open(name, config, reference);
    const ours = await openBeit(bytesOf(await saveBeit(beit)), reference);
    expect(ours.beit.config).toEqual(config);
    expect(relativeError(pool(ours.beit, reference), pool(beit, reference))).toBe(0);
    const known = { config: { heads: 2 } };
    const official = await openBeit(bytesOf(await saveOfficialBeit(beit)), reference, known);
    expect(official.unused).toEqual([]);
    expect(official.beit.config.pooling).toBe(config.pooling);
    expect(relativeError(pool(official.beit, reference), pool(beit, reference))).toBe(0);
  });

  it.each(models)("%s: goes to Hugging Face where transformers has it", async (name, config) => {
    const beit = await open(name, config, reference);
    if (config.pooling === "mean" && poolingNormOf(config) === "before") {
      await expect(toHuggingFace(beit)).rejects.toThrow(
        /^\[beitConfigToHuggingFace\] expected the norm after the mean of the patches, .* got poolingNorm "before"/,
      );
      return;
    }
    const files = Object.entries(await toHuggingFace(beit));
    const back = await openBeit(
      files.map(([file, bytes]) => bytesSource(bytes, file)),
      reference,
    );
    expect(relativeError(pool(back.beit, reference), pool(beit, reference))).toBe(0);
    if (config.classes === 0) return;
    const logitsOf = (one: Beit) => classLogits(one, encode(one, pixels(reference))).readSync();
    expect(relativeError(logitsOf(back.beit), logitsOf(beit))).toBe(0);
  });

  it("is read from old configs too: the pool is said, the norm by its name", async () => {
    const [name, config] = models[1];
    const old = (json: string) => {
      const { model_args: _, ...rest } = JSON.parse(json) as Record<string, unknown>;
      return JSON.stringify(rest);
    };
    const { beit } = await openBeit(filesOf(name, config, old), reference, { config: { heads: 2 } });
    expect(beit.config).toEqual(config);
    const said = await openBeit(weightsOf(config), reference, { config: { heads: 2, pooling: "mean" } });
    expect(said.beit.config).toEqual(config);
  });

  it("is refused where a head is over every token, and where the weights contradict", async () => {
    const [name, config] = models[0];
    const unpooled = (json: string) => json.replaceAll('"global_pool": "avg"', '"global_pool": ""');
    await expect(openBeit(filesOf(name, config, unpooled), reference)).rejects.toThrow(
      '[openBeit] expected global_pool "avg" or "token", got ""',
    );
    const moved = (json: string) => json.replace('"use_fc_norm": true', '"use_fc_norm": false');
    await expect(openBeit(filesOf(name, config, moved), reference)).rejects.toThrow("no norm.weight");
  });

  it("keeps its place in a classifier that starts from it, unless other tokens are pooled", async () => {
    const placeIn = async (name: number, options: Partial<BeitConfig> = {}) => {
      const beit = await open(...models[name], reference);
      const { config, params } = await toClassifier(beit, { classes: 3, ...options }, createRng(1));
      return [config.pooling, config.poolingNorm, params.norm !== undefined, params.classNorm !== undefined];
    };
    expect(await placeIn(1)).toEqual(["mean", "before", true, false]);
    expect(await placeIn(5, { pooling: "mean" })).toEqual(["mean", "before", true, false]);
    expect(await placeIn(4)).toEqual(["mean", undefined, false, true]);
    expect(await placeIn(2, { pooling: "mean" })).toEqual(["mean", undefined, false, true]);
    expect(await placeIn(0, { pooling: "class", poolingNorm: "after" })).toEqual(["class", "after", false, true]);
  });
});
