// Pictures of what a tokenizer keeps, the figures beside them, and tokens back to images.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { detokenize, tokenColor, tokenize } from "@beitjs/dvae-tokenizer";
import { tensor } from "@beitjs/tensor-core";
import { readSafetensors, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import { evalView, tokenEvalView } from "@beitjs/trainers";
import { readImage } from "@beitjs/trainers/node";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pictureNames } from "../files/picture-names.ts";
import { backend, randomTokenizer, writeModels } from "../testing/random-models.ts";
import { cli, makeFolder, writePngs, writeRecipes } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
const golden = fileURLToPath(new URL("../../../../tools/golden", import.meta.url));
let folder: Awaited<ReturnType<typeof makeFolder>>;
let models: Awaited<ReturnType<typeof writeModels>>;
let pngs: string;
const at = (...parts: string[]) => join(folder.path, ...parts);
const pixelsOf = (path: string) => sharp(path).raw().toBuffer({ resolveWithObject: true });

beforeAll(async () => {
  folder = await makeFolder();
  models = await writeModels(at("models"));
  pngs = await writePngs(at("pngs"), ["cat", "dog"], 2);
});
afterAll(() => folder.remove());

const reconstruct = (...rest: string[]) => ["reconstruct", ...oneThread, "--tokenizer", models.tokenizer, ...rest];

async function expectError(argv: readonly string[], code: number, message: RegExp): Promise<void> {
  const run = await cli(argv);
  expect(run.stderr).toMatch(message);
  expect(run.code).toBe(code);
}

// The library by itself, on the reference backend; images as bytes.
async function expected(path: string, imageSize = 8) {
  const { config, params } = randomTokenizer();
  const tokenizer = { params, config: { ...config, imageSize } };
  const view = evalView(await readImage(path), tokenEvalView(3, imageSize));
  const ids = tokenize(tokenizer, tensor(view, [1, imageSize, imageSize, 3], backend));
  const restored = await detokenize(tokenizer, ids).read();
  const error = Array.from(restored, (value, i) => 2 * Math.abs(value - view[i])).reduce((a, b) => a + b) / view.length;
  const bytes = (values: ArrayLike<number>) => Array.from(values, (value) => Math.round(255 * value));
  return { ids: Array.from(await ids.read()), error, image: bytes(view), restored: bytes(restored) };
}

describe("reconstruct", () => {
  it("shows image, tokens and reconstruction side by side, and tells the library's error", async () => {
    const image = join(pngs, "cat", "1.png");
    const run = await cli(reconstruct("--images", image, "--out", at("one.png"), "--json"));
    expect(run.code).toBe(0);
    const { ids, error, image: seen, restored } = await expected(image);
    const told = run.events.find(({ event }) => event === "reconstruction");
    expect(told).toMatchObject({ name: image, distinctTokens: new Set(ids).size, tokens: 16, out: at("one.png") });
    expect(told?.["meanAbsoluteError"]).toBeCloseTo(error, 6);
    const { data, info } = await pixelsOf(at("one.png"));
    const [side, gap, scale] = [224, 8, 28];
    expect(info).toMatchObject({ width: 3 * side + 4 * gap, height: side + 2 * gap, channels: 3 });
    const pixel = (panel: number, x: number, y: number) => {
      const i = ((gap + y) * info.width + gap + panel * (side + gap) + x) * 3;
      return [...data.subarray(i, i + 3)];
    };
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 8; x++) {
        const i = (y * 8 + x) * 3;
        const [inX, inY] = [x * scale + 14, y * scale + 14];
        expect(pixel(0, inX, inY)).toEqual(seen.slice(i, i + 3));
        for (let c = 0; c < 3; c++) expect(Math.abs(pixel(2, inX, inY)[c] - restored[i + c])).toBeLessThanOrEqual(1);
        expect(pixel(1, inX, inY)).toEqual(tokenColor(ids[Math.floor(y / 2) * 4 + Math.floor(x / 2)]));
      }
    }
  });

  it("makes one picture an image in a folder, or one of all", async () => {
    const run = await cli(reconstruct("--images", pngs, "--out", at("pictures"), "--batch", "3"));
    expect((await readdir(at("pictures"))).sort()).toEqual(["cat-0.png", "cat-1.png", "dog-0.png", "dog-1.png"]);
    const lines = run.stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(
      /^cat\/0\.png: mean absolute error 0\.\d{4} \(pixels in \[-1, 1\]\), \d+ distinct tokens in 16 cells$/,
    );
    expect(lines[4]).toMatch(
      /^4 images: mean absolute error 0\.\d{4} \(pixels in \[-1, 1\]\), \d+ of 16 tokens in use$/,
    );
    await cli(reconstruct("--images", pngs, "--out", at("all.png")));
    const [all, first] = [await pixelsOf(at("all.png")), await pixelsOf(at("pictures", "cat-0.png"))];
    expect(all.info).toMatchObject({ width: first.info.width, height: 4 * (224 + 8) + 8 });
    const rowBytes = first.info.width * 3;
    expect(all.data.subarray(0, 232 * rowBytes).equals(first.data.subarray(0, 232 * rowBytes))).toBe(true);
  });

  it("agrees with evaluate on the error and the tokens in use, for a run of our own", async () => {
    const recipe = await writeRecipes(at("recipes"));
    const data = await writePngs(at("data"), ["a", "b"], 8);
    const flags = ["--recipe", recipe("tokenizer"), "--out", at("run"), ...oneThread];
    expect((await cli(["train-tokenizer", "--data", data, ...flags])).code).toBe(0);
    const argv = ["reconstruct", ...oneThread, "--tokenizer", at("run"), "--images", data, "--out", at("run.png")];
    const run = await cli([...argv, "--batch", "5", "--json"]);
    const scores = (await cli(["evaluate", at("run"), "--data", data, ...oneThread, "--json"])).events.at(-1);
    const usage = scores?.["usage"] as { used: number };
    expect(run.events.at(-1)).toMatchObject({ event: "done", images: 16, tokensInUse: usage.used, vocabSize: 16 });
    expect(run.events.at(-1)?.["meanAbsoluteError"]).toBeCloseTo(scores?.["meanAbsoluteError"] as number, 6);
  });

  it("takes the official file, and OpenAI's two in any order", async () => {
    const image = join(pngs, "dog", "0.png");
    const asked = ["reconstruct", ...oneThread, "--images", image, "--out", at("one.png"), "--force", "--tokenizer"];
    const error = async (...tokenizer: string[]) =>
      (await cli([...asked, ...tokenizer, "--json"])).events.at(-1)?.["meanAbsoluteError"];
    // The official format does not say how large images are: unilm's are 112 pixels.
    expect(await error(models.officialTokenizer)).toBeCloseTo((await expected(image, 112)).error, 6);
    const [encoder, decoder] = ["encoder.pkl", "decoder.pkl"].map((name) => join(golden, "dvae", "dall-e", name));
    expect(await error(encoder, decoder)).toEqual(expect.any(Number));
    expect(await error(decoder, encoder)).toBe(await error(encoder, decoder));
    const argv = [...asked, encoder];
    await expectError(argv, 1, /expected encoder and decoder, got no decoder/);
  });

  it.each(["json", "safetensors"])("decodes the tokens that tokenize wrote as .%s", async (kind) => {
    const [tokens, out] = [at(`tokens.${kind}`), at(`decoded-${kind}`)];
    await cli(["tokenize", ...oneThread, "--tokenizer", models.tokenizer, "--data", pngs, "--out", tokens]);
    const run = await cli(reconstruct("--tokens", tokens, "--out", out, "--batch", "3", "--json"));
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining(`4 images decoded: ${out}`) as string });
    expect((await readdir(out)).sort()).toEqual(["cat-0.png", "cat-1.png", "dog-0.png", "dog-1.png"]);
    const { data, info } = await pixelsOf(join(out, "dog-1.png"));
    expect(info).toMatchObject({ width: 8, height: 8, channels: 3 });
    const { restored } = await expected(join(pngs, "dog", "1.png"));
    for (const [i, value] of data.entries()) expect(Math.abs(value - restored[i])).toBeLessThanOrEqual(1);
    await expectError(reconstruct("--tokens", tokens, "--out", at("x.png")), 2, /expected a folder for the 4 images/);
  });

  it("decodes one image into the file named", async () => {
    const tokens = at("one.json");
    await cli([
      "tokenize",
      ...oneThread,
      "--tokenizer",
      models.tokenizer,
      "--data",
      join(pngs, "cat", "0.png"),
      "--out",
      tokens,
    ]);
    expect((await cli(reconstruct("--tokens", tokens, "--out", at("decoded.png")))).code).toBe(0);
    expect((await pixelsOf(at("decoded.png"))).info).toMatchObject({ width: 8, height: 8 });
  });

  it("refuses tokens that do not fit, by name", async () => {
    const write = async (name: string, content: object | string | Uint8Array) => {
      const plain = typeof content === "string" || content instanceof Uint8Array;
      await writeFile(at(name), plain ? content : JSON.stringify(content));
      return reconstruct("--tokens", at(name), "--out", at("refused"));
    };
    const grid = (rows: number, id = 0) => Array.from({ length: rows }, () => new Array<number>(4).fill(id));
    const tokens = (fields: object) => ({
      vocabSize: 16,
      grid: [4, 4],
      images: [{ name: "a", tokens: grid(4) }],
      ...fields,
    });
    const cases: readonly (readonly [
      name: string,
      content: object | string | Uint8Array,
      code: number,
      message: RegExp,
    ])[] = [
      ["grid.json", tokens({ grid: [2, 2] }), 2, /expected grids of 4 x 4 tokens as the tokenizer's, got 2 x 2/],
      ["vocab.json", tokens({ vocabSize: 8192 }), 2, /expected tokens of a codebook of 16, got one of 8192/],
      ["short.json", tokens({ images: [{ name: "a", tokens: grid(3) }] }), 2, /expected 16 tokens of a, got 12/],
      ["high.json", tokens({ images: [{ name: "a", tokens: grid(4, 16) }] }), 2, /tokens from 0 to 15, got 16 in a/],
      ["low.json", tokens({ images: [{ name: "a", tokens: grid(4, -1) }] }), 2, /tokens from 0 to 15, got -1 in a/],
      ["none.json", tokens({ images: [] }), 2, /expected tokens of at least one image, got none/],
      ["other.json", { name: "an app" }, 1, /other\.json: expected visual tokens .*, got: vocabSize: /],
      ["text.json", "{", 1, /text\.json: expected visual tokens as beit tokenize writes them, got: /],
      ["other.safetensors", writeSafetensors([]), 1, /other\.safetensors: .* no tensor visualTokens/],
      ["tokens.txt", "", 2, /--tokens .*tokens\.txt: expected a \.safetensors or \.json file/],
    ];
    for (const [name, content, code, message] of cases) await expectError(await write(name, content), code, message);
    await expectError(
      reconstruct("--tokens", at("nowhere.json"), "--out", at("refused")),
      2,
      /nowhere\.json: cannot be read/,
    );
    // Written by tokenize, with one name too few.
    await cli([
      "tokenize",
      ...oneThread,
      "--tokenizer",
      models.tokenizer,
      "--data",
      pngs,
      "--out",
      at("t.safetensors"),
    ]);
    const { tensors, metadata } = readSafetensors(await readFile(at("t.safetensors")));
    const bytes = writeSafetensors(tensors, { ...metadata, names: '["a"]' });
    await expectError(await write("names.safetensors", bytes), 1, /got: 1 names for 4 images/);
    expect(await readdir(folder.path)).not.toContain("refused");
  });

  it("refuses other wrong use", async () => {
    const image = join(pngs, "cat", "0.png");
    await expectError(reconstruct("--out", at("x")), 2, /expected either --images or --tokens/);
    await expectError(
      reconstruct("--images", image, "--tokens", "t.json", "--out", at("x")),
      2,
      /either --images or --tokens/,
    );
    await expectError(
      reconstruct("--images", image, "--out", at("x.jpg")),
      2,
      /x\.jpg: expected a folder or a name that ends in \.png/,
    );
    await expectError(reconstruct("--images", at("none.png"), "--out", at("x")), 1, /none\.png: does not exist/);
    await expectError(reconstruct("--images", image, "--out", join(image, "x")), 1, /cannot create the folder .*x: /);
    const many = Array.from({ length: 65 }, () => image);
    await expectError(
      reconstruct("--images", ...many, "--out", at("x.png")),
      2,
      /at most 64 images in one picture, got 65; give a folder/,
    );
    const beit = ["reconstruct", ...oneThread, "--tokenizer", models.ours, "--images", image, "--out", at("x")];
    await expectError(beit, 1, /expected the parameters of a dVAE/);
    expect(await readdir(folder.path)).not.toContain("x");
  });

  it("stops on a signal, without an error", async () => {
    const run = await cli(reconstruct("--images", pngs, "--out", at("stopped"), "--batch", "1", "--json"), {
      onLine: (line, signal) => {
        if (line.includes('"reconstruction"')) signal("SIGINT");
      },
    });
    expect(run.code).toBe(130);
    expect(run.events.filter(({ event }) => event === "reconstruction")).toHaveLength(1);
    expect(run.stderr).not.toContain("beit:");
  });
});

describe("pictureNames", () => {
  it("are short where that is enough, and never the same", () => {
    expect(pictureNames(["photos/cat.jpg", "../dog.PNG", "C:\\x\\b*d.webp", "train 3"])).toEqual([
      "cat",
      "dog",
      "b-d",
      "train-3",
    ]);
    expect(pictureNames(["a/0.png", "b/0.png", "a/0.jpg", "0.png"])).toEqual(["a-0", "b-0", "a-0-2", "0"]);
    expect(pictureNames(["Cat.png", "cat.png", ".."])).toEqual(["Cat", "cat-2", "image"]);
  });
});
