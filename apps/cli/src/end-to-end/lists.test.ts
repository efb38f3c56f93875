// Lists of images as data, from the file to what a classifier of several labels says.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writeRecipes } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
const at = (...names: string[]) => join(folder.path, ...names);

// Bright ones are "light", every third is "third", too.
const labelsOf = (i: number) => [...(i % 2 === 0 ? ["light"] : []), ...(i % 3 === 0 ? ["third"] : [])];
const list = (count: number, row: (i: number) => string, head: string) =>
  `${head}\n${Array.from({ length: count }, (_, i) => row(i)).join("\n")}\n`;

beforeAll(async () => {
  folder = await makeFolder();
  recipe = await writeRecipes(at("recipes"));
  await mkdir(at("data", "pictures"), { recursive: true });
  for (let i = 0; i < 20; i++) {
    const gray = { r: i % 2 === 0 ? 200 : 40, g: i % 2 === 0 ? 200 : 40, b: 90 };
    await sharp({ create: { width: 16, height: 16, channels: 3, background: gray } })
      .png()
      .toFile(at("data", "pictures", `${i}.png`));
  }
  const split = (i: number) => (i < 16 ? "train" : "test");
  const several = (i: number) => `pictures/${i}.png,${labelsOf(i).join(";") || "[]"},${split(i)}`;
  await writeFile(at("data", "several.csv"), list(20, several, "file,labels,split"));
  await writeFile(
    at("data", "breeds.tsv"),
    list(19, (i) => `pictures/${i}.png\t${i < 15 ? "common" : "rare"}\t${i}`, "id\tbreed\tage"),
  );
});
afterAll(() => folder.remove());

const finetune = (list: string, ...more: string[]) =>
  cli(["finetune", "--scratch", "--recipe", recipe("fineTune"), "--data", at("data", list), ...oneThread, ...more]);

describe("several labels an image", () => {
  it("are refused by a recipe of one", async () => {
    const run = await finetune("several.csv", "--out", at("none"));
    expect(run.code).not.toBe(0);
    expect(run.stderr).toContain("learn them by a recipe of labels: multi (--set labels=multi)");
  });

  it("cannot be counted per class", async () => {
    const run = await finetune("several.csv", "--set", "labels=multi", "--labels-per-class", "2", "--out", at("none"));
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(
      "--labels-per-class: expected images of one label each, got some that may have several",
    );
  });

  it("are trained, measured and told", async () => {
    const run = await finetune("several.csv", "--set", "labels=multi", "--out", at("several"));
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/images: 16 of .*several\.csv \(list, train\), 2 classes \(light, third\)/);
    expect(run.stderr).toMatch(/loss \d\.\d+ \(start: ln 2 = 0\.693\), accuracy .* % \(chance: 50 %\)/);
    const scores = await cli(["evaluate", at("several"), "--data", at("data", "several.csv"), ...oneThread]);
    expect(scores.code, scores.stderr).toBe(0);
    expect(scores.stdout).toMatch(
      /mAP [\d.]+ % \(mean over 2 classes\)\nmicro [\d.]+ %\naccuracy [\d.]+ % of images and classes/,
    );
    const images = ["0", "1", "2", "3"].map((name) => at("data", "pictures", `${name}.png`));
    const told = await cli(["predict", at("several"), "--images", ...images, "--out", at("told.csv"), ...oneThread]);
    expect(told.code, told.stderr).toBe(0);
    const rows = (await readFile(at("told.csv"), "utf8"))
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((row) => row.split(","));
    expect(new Set(rows.map(([name]) => name)).size).toBe(4);
    for (const [, rank, , , probability] of rows) expect(rank === "" || Number(probability) > 0.5).toBe(true);
  });
});

describe("held-out images of several labels", () => {
  it("are of every class as far as that goes, and said to be", async () => {
    const run = await finetune("several.csv", "--set", "labels=multi", "--val-share", "0.25", "--out", at("held"));
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(
      /validation: \d of 16 images held out, of every class as nearly alike as labels that come together allow, drawn/,
    );
  });
});

describe("a model of several labels", () => {
  it.each(["beitjs", "hugging-face", "unilm"])("stays one as %s", async (format) => {
    const images = ["--images", at("data", "pictures", "0.png"), at("data", "pictures", "1.png"), ...oneThread];
    const out = at(`as-${format}`);
    const converted = await cli(["convert", at("several"), "--to", format, "--out", out]);
    expect(converted.code, converted.stderr).toBe(0);
    const [was, is] = [await cli(["predict", at("several"), ...images]), await cli(["predict", out, ...images])];
    expect(is.stdout).toBe(was.stdout);
    expect(was.stdout).toMatch(/no class above 50 %|light|third/);
    expect(await readFile(join(out, "README.md"), "utf8")).toMatch(
      /classifier of 2 classes, any number of which an image may have \(multi-label\)[^]*problem type \| multi\\_label\\_classification \|\n\| activation \| sigmoid/,
    );
  });

  it.each(["beitjs", "hugging-face", "unilm"])("is measured as one as %s, as its run is", async (format) => {
    const measured = async (model: string) => {
      const run = await cli(["evaluate", at(model), "--data", at("data", "several.csv"), ...oneThread]);
      expect(run.code, run.stderr).toBe(0);
      return run;
    };
    const [was, is] = [await measured("several"), await measured(`as-${format}`)];
    expect(is.stdout).toBe(was.stdout);
    expect(is.stderr).toMatch(/labels: any number an image, as .* says; a yes or no for every class/);
  });

  it("says so in the metadata of ONNX", async () => {
    const converted = await cli([
      "convert",
      at("several"),
      "--to",
      "onnx",
      "--onnx-output",
      "logits",
      "--out",
      at("onnx"),
    ]);
    expect(converted.code, converted.stderr).toBe(0);
    const bytes = await readFile(at("onnx", "model.onnx"), "latin1");
    expect(bytes).toMatch(
      /beitjs\.problemType[^]{1,4}"multi_label_classification"[^]*beitjs\.activation[^]{1,4}"sigmoid"/,
    );
  });

  it("of one label is measured so on images of several", async () => {
    const list = [
      "file,label",
      ...Array.from({ length: 16 }, (_, i) => `pictures/${i}.png,${i % 2 ? "third" : "light"}`),
    ];
    await writeFile(at("data", "single.csv"), [...list, ""].join("\n"));
    expect((await finetune("single.csv", "--out", at("single"))).code).toBe(0);
    expect((await cli(["convert", at("single"), "--to", "hugging-face", "--out", at("single-hf")])).code).toBe(0);
    const run = await cli(["evaluate", at("single-hf"), "--data", at("data", "several.csv"), ...oneThread]);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain("labels: any number an image, as the images may have several");
    expect(run.stdout).toMatch(/^mAP [\d.]+ %/);
    expect(await readFile(at("single-hf", "README.md"), "utf8")).not.toContain("multi");
  });
});

describe("columns of other names", () => {
  const columns = ["--columns", "file=id,label=breed"];

  it("are taken as the flag says; rare classes weigh more, or come as often", async () => {
    const run = await finetune(
      "breeds.tsv",
      ...columns,
      "--set",
      "classWeights=inverse-frequency",
      "--out",
      at("weighted"),
    );
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain("columns that are not read: age");
    expect(run.stderr).toContain("2 classes (common, rare)");
    const balanced = await finetune("breeds.tsv", ...columns, "--set", "sampling=balanced", "--out", at("balanced"));
    expect(balanced.code, balanced.stderr).toBe(0);
  });

  it("are refused by file, line and value without it", async () => {
    const run = await finetune("breeds.tsv", "--out", at("other"));
    expect(run.code).not.toBe(0);
    expect(run.stderr).toMatch(
      /breeds\.tsv, line 1: expected a column of image files, .* got "id", "breed", "age"; say which/,
    );
    const wrong = await finetune("breeds.tsv", "--columns", "breed", "--out", at("other"));
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("Expected file, label, labels, split, each with =NAME of a column.");
  });

  it("are checked by data verify, images that no row names told", async () => {
    const run = await cli(["data", "verify", at("data", "breeds.tsv"), ...columns]);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain("train: 19 images (list, 2 classes (common, rare)), 0 cannot be read");
  });
});
