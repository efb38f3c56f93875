// Images that are no squares through every command once: a tokenizer of 16 x 24 pixels, a BEiT of 32 x 48, both 4 x 6 patches.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors } from "@beitjs/tensor-core/safetensors";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { cli, makeFolder, tinyRecipes } from "../testing/run-cli.ts";

const onOne = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let data: string;
let image: string;
const at = (...names: string[]) => join(folder.path, ...names);
const sizeOf = async (path: string) => {
  const { width, height } = await sharp(path).metadata();
  return [height, width];
};

async function beit(...argv: readonly string[]): ReturnType<typeof cli> {
  const run = await cli([...argv, ...(/^(inspect)$/.test(argv[0]) ? [] : onOne)]);
  expect(run.stderr + run.stdout).not.toMatch(/undefined|NaN/);
  expect(run.code, run.stderr).toBe(0);
  return run;
}

// Left or top dark, 60 wide and 40 high.
async function writeData(path: string): Promise<string> {
  for (const [label, name] of ["left", "top"].entries()) {
    await mkdir(join(path, name), { recursive: true });
    for (let i = 0; i < 8; i++) {
      const pixels = Uint8Array.from({ length: 60 * 40 }, (_, p) => {
        const place = label === 0 ? (p % 60) / 60 : Math.floor(p / 60) / 40;
        return Math.min(255, 40 + 25 * i * place + 10 * ((p * 7 + i) % 3));
      });
      await sharp(pixels, { raw: { width: 60, height: 40, channels: 1 } })
        .png()
        .toFile(join(path, name, `${i}.png`));
    }
  }
  return path;
}

async function recipe(name: "tokenizer" | "pretrain" | "fineTune", change: object): Promise<string> {
  const path = at(`${name}.json`);
  await writeFile(path, JSON.stringify({ ...tinyRecipes[name], ...change }));
  return path;
}

beforeAll(async () => {
  folder = await makeFolder();
  data = await writeData(at("data"));
  image = join(data, "left", "7.png");
});
afterAll(() => folder.remove());

it("train-tokenizer, its sizes set on the command line", async () => {
  const path = await recipe("tokenizer", {});
  const sizes = ["model.imageSize=[16,24]", "views.tokenSize=[16,24]", "views.pixelSize=[32,48]", "model.layers=2"];
  await beit("train-tokenizer", "--data", data, "--recipe", path, "--out", at("tokenizer"), "--set", ...sizes);
  const used = parse(await readFile(at("tokenizer", "recipe.yaml"), "utf8")) as { model: { imageSize: unknown } };
  expect(used.model.imageSize).toEqual([16, 24]);
  const wrong = await cli(["train-tokenizer", "--data", data, "--recipe", path, "--set", "model.imageSize=[16,25]"]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("model.imageSize");
  const { stdout } = await beit("evaluate", at("tokenizer"), "--data", data);
  expect(stdout).toMatch(/mean absolute error 0\.\d{4}/);
});

it("tokenize and reconstruct", async () => {
  await beit("tokenize", "--tokenizer", at("tokenizer"), "--data", image, "--out", at("tokens.json"));
  const written = JSON.parse(await readFile(at("tokens.json"), "utf8")) as {
    readonly grid: unknown;
    readonly images: readonly { readonly tokens: readonly (readonly number[])[] }[];
  };
  expect(written.grid).toEqual([4, 6]);
  expect(written.images[0].tokens.map((row) => row.length)).toEqual([6, 6, 6, 6]);
  await beit("reconstruct", "--tokenizer", at("tokenizer"), "--images", image, "--out", at("reconstruction.png"));
  // Ten times the 24 x 16 pixels, three times side by side, with gaps of 8.
  expect(await sizeOf(at("reconstruction.png"))).toEqual([160 + 16, 3 * 240 + 32]);
  const decoded = ["--tokens", at("tokens.json"), "--out", at("decoded.png")];
  await beit("reconstruct", "--tokenizer", at("tokenizer"), ...decoded);
  expect(await sizeOf(at("decoded.png"))).toEqual([16, 24]);
});

it("pretrain", async () => {
  const { model, views } = tinyRecipes.pretrain;
  const path = await recipe("pretrain", {
    model: { ...model, imageSize: [32, 48], patchSize: 8 },
    views: { ...views, pixelSize: [32, 48], tokenSize: [16, 24] },
    mask: { kind: "blockwise", count: 10, minBlock: 2 },
  });
  const given = ["--data", data, "--tokenizer", at("tokenizer"), "--recipe", path];
  await beit("pretrain", ...given, "--out", at("pretrain"));
  const { stdout } = await beit("evaluate", at("pretrain"), "--data", data);
  expect(stdout).toMatch(/masked patches: /);
  const other = await cli(["pretrain", ...given, "--set", "model.imageSize=[48,32]", "views.pixelSize=[48,32]"]);
  expect(other.code).toBe(2);
  expect(other.stderr).toContain(
    "expected patch grid and token grid to be the same, got 6x4 and 4x6; this tokenizer takes model.vocabSize=16 views.tokenSize=[16,24]",
  );
});

it("finetune, from a pre-trained BEiT of another shape, and predict", async () => {
  const { model, view, evalView } = tinyRecipes.fineTune;
  const path = await recipe("fineTune", {
    model: { ...model, imageSize: [48, 32], patchSize: 8 },
    view: { ...view, size: [48, 32] },
    evalView: { ...evalView, size: [48, 32], fit: { kind: "centerCrop", cropRatio: 0.875 } },
  });
  const from = ["--from", at("pretrain"), "--recipe", path, "--out", at("finetune")];
  await beit("finetune", "--data", data, ...from);
  const { stdout } = await beit("evaluate", at("finetune"), "--data", data);
  expect(stdout).toMatch(/accuracy/);
  await beit("predict", at("finetune"), "--images", image, "--out", at("predictions.json"));
  expect(await readFile(at("predictions.json"), "utf8")).toMatch(/"(left|top)"/);
});

it("attention, on the model's size and on another", async () => {
  const drawn = ["--image", image, "--out", at("attention.png"), "--force"];
  await beit("attention", at("pretrain"), "--patch", "3,5", ...drawn);
  expect(await sizeOf(at("attention.png"))).toEqual([4 * 75, 6 * 75]);
  await beit("attention", at("pretrain"), "--patch", "1,7", "--image-size", "16x64", ...drawn);
  expect(await sizeOf(at("attention.png"))).toEqual([2 * 56, 8 * 56]);
  const outside = await cli(["attention", at("pretrain"), "--patch", "5,3", ...drawn, ...onOne]);
  expect(outside.stderr).toContain("--patch 5,3: expected row,col from 0,0 to 3,5");
  const wrong = await cli(["attention", at("pretrain"), "--patch", "0,0", "--image-size", "16by64", ...drawn]);
  expect(wrong.stderr).toContain("Expected pixels such as 224, or 384x640 (height x width).");
});

it("encode", async () => {
  const patches = ["--output", "patches", "--out", at("features.safetensors")];
  await beit("encode", at("pretrain"), "--images", image, ...patches);
  const { tensors, metadata } = readSafetensors(await readFile(at("features.safetensors")));
  expect(tensors.get("features")?.shape).toEqual([1, 24, 16]);
  expect(metadata["imageSize"]).toBe("32 x 48");
});

it("convert to ONNX, to Hugging Face's files and to ours, and inspect them", async () => {
  await beit("convert", at("finetune"), "--to", "onnx", "--out", at("onnx"));
  const card = await readFile(at("onnx", "README.md"), "utf8");
  expect(card).toContain("for images of 48 x 32 pixels");
  expect(card).toMatch(/until it covers \d+ x \d+ pixels/);
  await beit("convert", at("tokenizer"), "--to", "onnx", "--out", at("onnx-tokenizer"));
  const huggingFace = await beit("convert", at("pretrain"), "--to", "hugging-face", "--out", at("hf"));
  expect(huggingFace.stderr).toContain("transformers can only stretch images to 32 x 48 pixels");
  expect(huggingFace.stderr).toContain("as if width came before height: its numbers differ from this model's");
  const config = JSON.parse(await readFile(at("hf", "config.json"), "utf8")) as Record<string, unknown>;
  expect(config["image_size"]).toEqual([32, 48]);
  await beit("convert", at("hf"), "--out", at("ours"));
  expect((await beit("inspect", at("ours", "model.safetensors"))).stdout).toContain("images of 32 x 48 pixels");
  const kept = ["--output", "tokens", "--image-size", "32x48"];
  const features = async (model: string, name: string) => {
    await beit("encode", model, "--images", image, ...kept, "--out", at(name));
    return readSafetensors(await readFile(at(name))).tensors.get("features")?.data;
  };
  const stretched = await features(at("hf"), "from-hugging-face.safetensors");
  expect(await features(at("ours", "model.safetensors"), "from-ours.safetensors")).toEqual(stretched);
});
