// The library's calls for images are the commands: classify gives predict's probabilities and embed gives encode's features, bit for
// bit, for models of every origin and files as they are found.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { classify, embed, openBeit } from "@beitjs/beit-encoder";
import { readSafetensors, toFloat32 } from "@beitjs/tensor-core/safetensors";
import { createSimdBackend, type SimdBackend } from "@beitjs/tensor-core/simd";
import { fineTuneSmall, initTrainingState } from "@beitjs/trainers";
import { decodeImage, saveCheckpoint } from "@beitjs/trainers/node";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomClassifier, writeModels } from "../testing/random-models.ts";
import { cli, makeFolder } from "../testing/run-cli.ts";

const golden = fileURLToPath(new URL("../../../../tools/golden", import.meta.url));
const samples = fileURLToPath(new URL("../../../web/samples", import.meta.url));
const simd = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let cpu: SimdBackend;
let models: Awaited<ReturnType<typeof writeModels>> & { readonly run: string };
let images: string[];
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
  cpu = await createSimdBackend({ threads: 1, v8Flags: true }); // as the command line opens it
  models = { ...(await writeModels(at("models"))), run: await writeRun(at("run")) };
  images = [join(samples, "chelsea.jpg"), at("gray.png"), at("transparent.webp"), at("turned.jpg")];
  const cat = sharp(images[0]).resize(40, 30);
  await cat.clone().grayscale().png().toFile(images[1]);
  const alpha = { width: 40, height: 30, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.25 } } as const;
  await cat
    .clone()
    .ensureAlpha(0.3)
    .composite([{ input: { create: alpha }, gravity: "north" }])
    .webp({ lossless: true })
    .toFile(images[2]);
  await cat.clone().withMetadata({ orientation: 6 }).jpeg().toFile(images[3]);
});
afterAll(async () => {
  cpu.dispose();
  await folder.remove();
});

// A fine-tuning that came to an end, with a view and classes of its own.
async function writeRun(path: string): Promise<string> {
  const { config, params } = randomClassifier();
  const view = {
    ...fineTuneSmall.evalView,
    channels: 3,
    size: 8,
    fit: { kind: "centerCrop", cropRatio: 0.7 },
  } as const;
  const normalization = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] };
  const recipe = { ...fineTuneSmall, model: config, evalView: { ...view, normalization } };
  const run = { identity: { data: { classes: ["ape", "bee", "cow"] } } };
  const info = { stage: "fine-tune", model: config, recipe, step: 3, position: { epoch: 1, batch: 0 }, run } as const;
  await saveCheckpoint(path, { ...initTrainingState(params), step: 3 }, info);
  return path;
}

type Told = { readonly class: number; readonly label: string | null; readonly probability: number };

describe("classify", () => {
  it.each(["ours", "huggingFace", "official", "classPooling", "run"] as const)("is predict: %s", async (name) => {
    const { code, events, stderr } = await cli(["predict", models[name], "--images", ...images, "--json", ...simd]);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("beit: ")]);
    const told = events.filter(({ event }) => event === "prediction") as unknown as { readonly top: readonly Told[] }[];
    using model = await openBeit(models[name], cpu);
    const guesses = await classify(model, images, { decode: decodeImage });
    expect(told.map(({ top }) => top)).toEqual(
      guesses.map((some) => some.map(({ label = null, ...rest }) => ({ ...rest, label }))),
    );
    expect(new Set(guesses.map(([{ probability }]) => probability)).size).toBe(images.length);
  });

  it("knows a run's classes and its own view", async () => {
    using model = await openBeit(models.run, cpu);
    const [best] = await classify(model, images[0], { decode: decodeImage });
    expect(["ape", "bee", "cow"]).toContain(best.label);
    using plain = await openBeit(models.ours, cpu);
    const [other] = await classify(plain, images[0], { decode: decodeImage });
    expect(best.probability).not.toBe(other.probability);
  });

  it("takes files in every form", async () => {
    using model = await openBeit(models.ours, cpu);
    const [path] = images;
    const bytes = await readFile(path);
    const pixels = await sharp(path).raw().toBuffer({ resolveWithObject: true });
    const expected = await classify(model, path, { decode: decodeImage });
    const forms = [
      bytes,
      new Blob([bytes]),
      new URL(`file://${path}`),
      sharp(path),
      { ...pixels.info, data: pixels.data },
    ];
    expect(await classify(model, forms, { decode: decodeImage })).toEqual(forms.map(() => expected));
  });
});

describe("embed", () => {
  it.each([
    ["ours", [], {}],
    ["ours", ["--output", "tokens"], { pooling: "none" }],
    ["ours", ["--layer", "0"], { layer: 0 }],
    ["pretrained", [], {}],
    ["run", ["--output", "tokens", "--layer", "1"], { layer: 1, pooling: "none" }],
    [join(golden, "timm", "classifier-mean", "model.safetensors"), [], {}],
  ] as const)("is encode: %s %j", async (name, flags, options) => {
    const path = name in models ? models[name as keyof typeof models] : name;
    const out = at("features.safetensors");
    const { code } = await cli(["encode", path, "--images", ...images, "--out", out, "--force", ...flags, ...simd]);
    expect(code).toBe(0);
    const written = toFloat32(readSafetensors(await readFile(out)).tensors.get("features")!);
    using model = await openBeit(path, cpu);
    const vectors = await embed(model, images, { decode: decodeImage, ...options });
    expect(vectors.flatMap((vector) => [...vector])).toEqual([...written]);
  });

  it("has encode's patches behind the class token", async () => {
    const out = at("patches.safetensors");
    await cli(["encode", models.ours, "--images", images[0], "--out", out, "--output", "patches", ...simd]);
    const { shape, ...written } = readSafetensors(await readFile(out)).tensors.get("features")!;
    expect(shape).toEqual([1, 16, 16]);
    using model = await openBeit(models.ours, cpu);
    const tokens = await embed(model, images[0], { decode: decodeImage, pooling: "none" });
    expect([...tokens.subarray(16)]).toEqual([...toFloat32({ shape, ...written })]);
  });
});
