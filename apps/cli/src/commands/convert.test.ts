// Models through `beit convert`: into every format and back with the same values, with a model card that is true.
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  initBeit,
  initBeitClassifier,
  openBeit,
  readParameters,
  saveBeit,
  saveOfficialBeit,
  toHuggingFace,
  type Beit,
  type BeitConfig,
  type Preprocessing,
} from "@beitjs/beit-encoder";
import {
  initTokenizer,
  openTokenizer,
  saveOfficialTokenizer,
  tokenizerToOfficial,
  type DvaeConfig,
} from "@beitjs/dvae-tokenizer";
import { beitToOnnx } from "@beitjs/onnx";
import { bytesSource, type FileSource } from "@beitjs/tensor-core/files";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { cli, makeFolder, tinyRecipes, writeIdx, writeRecipes } from "../testing/run-cli.ts";

const folder = await makeFolder();
afterAll(() => folder.remove());
const backend = createReferenceBackend();
const at = (...parts: string[]) => join(folder.path, ...parts);

const config: BeitConfig = {
  ...(tinyRecipes.pretrain.model as BeitConfig),
  channels: 3,
  layerScale: 0.1,
  dropPath: 0,
  absolutePositions: false,
};
const classified: BeitConfig = { ...config, vocabSize: 0, classes: 3, relativePositions: "per-layer" };
const labels = ["cat", "dog | wolf", "bird"];
const pretrained = initBeit(config, createRng(1), backend);
const classifier = initBeitClassifier(classified, createRng(2), backend);

async function sourcesOf(path: string): Promise<FileSource[]> {
  const names = (await readdir(path)).filter((name) => name !== "README.md");
  return Promise.all(names.map(async (name) => bytesSource(await readFile(join(path, name)), name)));
}

async function expectSame(path: string, beit: Beit, given: Partial<BeitConfig> = {}): Promise<void> {
  const opened = await openBeit(await sourcesOf(path), backend, { config: given });
  expect(await readParameters(opened.beit)).toEqual(await readParameters(beit));
}

// The classifier as timm's repositories have models.
async function writeTimm(name: string): Promise<void> {
  await mkdir(at(name), { recursive: true });
  const json = { architecture: "beit_base_patch16_224", num_classes: 3, model_args: { num_heads: classified.heads } };
  await writeFile(at(name, "config.json"), JSON.stringify(json));
  await writeFile(at(name, "model.safetensors"), await saveOfficialBeit(classifier));
}

describe("beit convert", () => {
  it("writes a classifier in every format, each of which is read back", async () => {
    await writeFile(at("classifier.safetensors"), await saveBeit(classifier, { labels }));
    let from = at("classifier.safetensors");
    for (const format of ["hugging-face", "unilm", "beitjs", "hugging-face"] as const) {
      const out = at(`classifier-${format}-of-${from.length}`);
      const run = await cli(["convert", from, "--to", format, "--out", out, "--backend", "reference"]);
      expect(run.stderr).not.toMatch(/^beit:/m);
      expect(run.code).toBe(0);
      await expectSame(out, classifier);
      const card = await readFile(join(out, "README.md"), "utf8");
      expect(card).toContain("a classifier of 3 classes");
      from = out;
    }
  });

  it("keeps labels and preprocessing where the format has room", async () => {
    const out = at("labelled");
    await cli(["convert", at("classifier.safetensors"), "--to", "hugging-face", "--out", out]);
    const opened = await openBeit(await sourcesOf(out), backend);
    expect(opened.labels).toEqual(labels);
    // transformers rounds margins down, whatever the config was written from.
    const { preprocessing } = await openBeit(bytesSource(await saveBeit(classifier)), backend);
    expect(opened.preprocessing).toEqual({ ...preprocessing, margins: "down" });
    expect(await readFile(join(out, "README.md"), "utf8")).toContain("cat, dog \\| wolf, bird");
  });

  it("reads from an address", async () => {
    const bytes = await saveBeit(classifier, { labels });
    const server = createServer((request, response) => {
      if (request.url === "/model.safetensors") response.end(bytes);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const run = await cli(["convert", `http://127.0.0.1:${port}/model.safetensors`, "--out", at("downloaded")]);
      expect(run.stderr).not.toMatch(/^beit:/m);
      await expectSame(at("downloaded"), classifier);
      const gone = await cli(["convert", `http://127.0.0.1:${port}/gone.pth`, "--out", at("gone")]);
      expect(gone.code).toBe(1);
      expect(gone.stderr).toMatch(/gone\.pth.*404|404.*gone\.pth/);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("halves the size with --half, and keeps 11 bits of every parameter", async () => {
    await writeFile(at("whole.safetensors"), await saveBeit(classifier));
    expect((await cli(["convert", at("whole.safetensors"), "--half", "--out", at("half")])).code).toBe(0);
    const [whole, half] = [
      await readParameters(classifier),
      await readParameters((await openBeit(await sourcesOf(at("half")), backend)).beit),
    ];
    for (const [path, { data }] of whole) {
      const other = half.get(path)?.data ?? [];
      expect(
        Array.from(data).filter((value, i) => Math.abs(value - other[i]) > Math.abs(value) * 2 ** -11 + 2 ** -25),
      ).toEqual([]);
    }
    const sizes = await Promise.all(
      [at("whole.safetensors"), join(at("half"), "model.safetensors")].map(
        async (path) => (await readFile(path)).length,
      ),
    );
    expect(sizes[1]).toBeLessThan(0.7 * sizes[0]);
    const refused = await cli(["convert", at("whole.safetensors"), "--half", "--to", "unilm", "--out", at("half-no")]);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining("--half: expected --to beitjs or onnx, got --to unilm"),
    ]);
  });

  it("writes ONNX with --half as the library does", async () => {
    await writeFile(at("whole.safetensors"), await saveBeit(classifier));
    const run = await cli(["convert", at("whole.safetensors"), "--half", "--to", "onnx", "--out", at("half-onnx")]);
    expect(run.code).toBe(0);
    const { preprocessing } = await openBeit(bytesSource(await saveBeit(classifier)), backend);
    const options = { output: "logits", preprocessing } as const;
    const bytes = new Uint8Array(await readFile(at("half-onnx", "model.onnx")));
    expect(bytes).toEqual(await beitToOnnx(classifier, { ...options, half: true }));
    expect(bytes.length).toBeLessThan((await beitToOnnx(classifier, options)).length);
  });

  it("writes ONNX for images of any size, which positions meet as the origin does or as it is told", async () => {
    const official = await saveOfficialBeit(classifier);
    await writeFile(at("official.safetensors"), official);
    await writeTimm("timm");
    for (const [i, [from, tableResizing, ...more]] of (
      [
        ["official.safetensors", "geometric-cubic"],
        ["timm", "geometric-linear"],
        ["official.safetensors", "bilinear", "--table-resizing", "bilinear"],
      ] as const
    ).entries()) {
      const out = at(`open-${i}`);
      const flags = ["--to", "onnx", "--open-size", "--out", out, ...more];
      expect((await cli(["convert", at(from), ...flags])).code).toBe(0);
      const sources = from === "timm" ? await sourcesOf(at(from)) : bytesSource(official, from);
      const { beit, preprocessing } = await openBeit(sources, backend);
      const resizing = { tableResizing };
      const options = { output: "logits", preprocessing, openSize: true, resizing } as const;
      const written = new Uint8Array(await readFile(join(out, "model.onnx")));
      expect(written).toEqual(await beitToOnnx(beit, options));
      const card = await readFile(join(out, "README.md"), "utf8");
      expect(card).toContain("for images of 8 x 8 pixels and other sizes.");
      expect(card).toContain("normalized, of any height and width");
    }
    for (const [flags, message] of [
      [["--to", "beitjs"], "--open-size: expected --to onnx, got --to beitjs"],
      [
        ["--to", "onnx", "--image-size", "12"],
        "--open-size: the file takes images of every size; leave out --image-size",
      ],
    ] as const) {
      const run = await cli(["convert", at("official.safetensors"), "--open-size", "--out", at("x"), ...flags]);
      expect([run.code, run.stderr]).toEqual([2, expect.stringContaining(message)]);
    }
  });

  it("says in a card for transformers where its processor cuts another crop", async () => {
    const card = async (name: string, changes: Partial<Preprocessing>): Promise<string> => {
      const { preprocessing } = await openBeit(bytesSource(await saveBeit(classifier)), backend);
      const bytes = await saveBeit(classifier, { preprocessing: { ...preprocessing, ...changes } });
      await writeFile(at(`${name}.safetensors`), bytes);
      await cli(["convert", at(`${name}.safetensors`), "--to", "hugging-face", "--out", at(name)]);
      return readFile(at(name, "README.md"), "utf8");
    };
    expect(await card("crop-9", { size: 9, crop: 8, fit: "shortSide" })).toContain("is 8 + 4 n + 3 pixels (11, 15, …)");
    expect(await card("crop-11", { size: 11, crop: 8, fit: "shortSide" })).toContain("every image is cut a pixel");
    await writeTimm("timm-crop");
    await cli(["convert", at("timm-crop"), "--to", "hugging-face", "--out", at("timm-crop-hf")]);
    expect(await readFile(at("timm-crop-hf", "README.md"), "utf8")).toContain("images that are no squares are cut");
    expect(await card("no-crop", { size: 8, crop: 0, fit: "square" })).not.toContain("rounds the margin");
  });

  it("takes labels from a file", async () => {
    await writeFile(at("official.safetensors"), await saveOfficialBeit(classifier));
    await writeFile(at("names.txt"), "one\ntwo\nthree\n");
    const flags = ["--labels", at("names.txt"), "--to", "beitjs", "--out", at("named")];
    expect((await cli(["convert", at("official.safetensors"), ...flags])).code).toBe(0);
    expect((await openBeit(await sourcesOf(at("named")), backend)).labels).toEqual(["one", "two", "three"]);
    await writeFile(at("names.txt"), "one\ntwo");
    const run = await cli(["convert", at("official.safetensors"), ...flags]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("names.txt: expected 3 labels, one a line for each class, got 2");
  });

  it("resizes on the way, as the origin does or as it is told", async () => {
    const source = bytesSource(await saveOfficialBeit(classifier), "official.safetensors");
    await writeFile(at("official.safetensors"), await source.read(0, source.size));
    const run = async (...more: string[]) => {
      const out = at(`resized-${more.length}`);
      await cli(["convert", at("official.safetensors"), "--image-size", "12", "--out", out, ...more]);
      return openBeit(await sourcesOf(out), backend);
    };
    for (const [opened, expected] of [
      [await run(), await openBeit(source, backend, { imageSize: 12 })],
      [
        await run("--table-resizing", "bilinear"),
        await openBeit(source, backend, { imageSize: 12, tableResizing: "bilinear" }),
      ],
    ]) {
      expect(opened.beit.config.imageSize).toBe(12);
      expect(await readParameters(opened.beit)).toEqual(await readParameters(expected.beit));
    }
  });

  it("writes ONNX, of features too", async () => {
    const files = await toHuggingFace(pretrained);
    await mkdir(at("hf"));
    for (const [name, bytes] of Object.entries(files)) await writeFile(at("hf", name), bytes);
    for (const output of ["logits", "features"]) {
      const out = at(`onnx-${output}`);
      const run = await cli(["convert", at("hf"), "--to", "onnx", "--onnx-output", output, "--out", out, "--json"]);
      expect(run.events.at(-1)).toMatchObject({ event: "converted", kind: "beit", to: "onnx" });
      const text = (await readFile(join(out, "model.onnx"))).toString("latin1");
      expect(text.includes("bool_masked_pos")).toBe(output === "logits");
      expect(text.includes("pooled")).toBe(output === "features");
      expect((await readFile(join(out, "README.md"), "utf8")).includes("bool_masked_pos")).toBe(output === "logits");
    }
  });

  it("takes a run of ours with what is known of its training", async () => {
    const data = await writeIdx(at("data"));
    const recipe = await writeRecipes(at("recipes"));
    await cli(["train-tokenizer", "--data", data, "--recipe", recipe("tokenizer"), "--out", at("tokenizer")]);
    const run = await cli(["convert", at("tokenizer"), "--to", "unilm", "--out", at("tokenizer-official")]);
    expect(run.code).toBe(0);
    expect(await readdir(at("tokenizer-official"))).toEqual(["README.md", "model.safetensors"]);
    const card = await readFile(at("tokenizer-official", "README.md"), "utf8");
    expect(card).toContain("| updates | 8 |");
    expect(card).toContain("| images | 32 |");
    expect(card).toContain("| seed | 3 |");
    expect(card).toMatch(/\| perplexity \| \d/);
    expect(card).toContain('| AdamW | `{"beta1":0.9');
    expect(card).toContain("| path | tokenizer/checkpoints/step-000008 |");
    expect(card).not.toContain(folder.path);
  });

  it("writes OpenAI's tokenizer as two files, and reads its two files", async () => {
    const dallE: DvaeConfig = {
      architecture: "dall-e",
      imageSize: 112,
      channels: 3,
      vocabSize: 9,
      codebookWidth: 3,
      hidden: 8,
      groups: 2,
      blocksPerGroup: 1,
      reconstruction: "logit-laplace",
      pixelRange: "mapped",
    };
    const tokenizer = initTokenizer(dallE, createRng(3), backend);
    await writeFile(at("dall-e.safetensors"), await saveOfficialTokenizer(tokenizer));
    expect((await cli(["convert", at("dall-e.safetensors"), "--to", "unilm", "--out", at("halves")])).code).toBe(0);
    const [encoder, decoder] = ["encoder.safetensors", "decoder.safetensors"].map((name) => at("halves", name));
    for (const [i, from] of [[at("halves")], [encoder, "--decoder", decoder]].entries()) {
      const out = at(`whole-${i}`);
      const run = await cli(["convert", ...from, "--out", out]);
      expect(run.stderr).not.toMatch(/^beit:/m);
      const back = await openTokenizer(await sourcesOf(out), backend);
      expect(await tokenizerToOfficial(back.tokenizer)).toEqual(await tokenizerToOfficial(tokenizer));
    }
    const half = await cli(["convert", encoder, "--out", at("half")]);
    expect(half.stderr).toContain("expected encoder and decoder, got no decoder");
    expect(half.code).toBe(1);
  });

  it("does not write over files unless told to", async () => {
    const argv = ["convert", at("classifier.safetensors"), "--out", at("once")];
    expect((await cli(argv)).code).toBe(0);
    const again = await cli(argv);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("already has model.safetensors, README.md; pass --force");
    expect((await cli([...argv, "--force"])).code).toBe(0);
    expect((await readdir(at("once"))).some((name) => name.endsWith(".partial"))).toBe(false);
  });

  it.each<[string, () => Promise<string[]>, number, RegExp]>([
    ["what is not there", async () => [at("none"), "--out", at("x")], 2, /none: expected a model, got nothing there/],
    [
      "a folder with no model in it",
      async () => {
        await mkdir(at("empty"), { recursive: true });
        return [at("empty"), "--out", at("x")];
      },
      2,
      /empty: expected a run folder or the files of a model, got none/,
    ],
    [
      "a page",
      async () => {
        await writeFile(at("page.pth"), "<!DOCTYPE html><html>");
        return [at("page.pth"), "--out", at("x")];
      },
      1,
      /an HTML page/,
    ],
    [
      "a tokenizer for transformers",
      async () => [at("dall-e.safetensors"), "--to", "hugging-face", "--out", at("x")],
      2,
      /transformers has no class for a tokenizer/,
    ],
  ])("refuses %s", async (_, argv, code, message) => {
    const run = await cli(["convert", ...(await argv())]);
    expect(run.stderr).toMatch(message);
    expect(run.code).toBe(code);
    expect(existsSync(at("x"))).toBe(false);
  });
});
