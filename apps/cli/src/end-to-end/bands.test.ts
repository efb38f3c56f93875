// Images of bands and of 16 bits through every command: what tells classes apart is the fourth band, or the lower byte, alone.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeImage } from "@beitjs/trainers/node";
import { classify, openBeit } from "@beitjs/beit-encoder";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
const [width, height] = [19, 17];
let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...names: string[]) => join(folder.path, ...names);

type Raw = { readonly channels: 1 | 3 | 4; readonly value: (label: number, channel: number, noise: number) => number };

async function writeFiles(name: string, { channels, value }: Raw, ending: "tif" | "png"): Promise<void> {
  let state = 1;
  const noise = () => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
  for (const [split, count] of [
    ["train", 12],
    ["val", 4],
  ] as const) {
    for (const [label, kind] of ["field", "water"].entries()) {
      await mkdir(at(name, split, kind), { recursive: true });
      for (let i = 0; i < count; i++) {
        const data = Uint16Array.from({ length: width * height * channels }, (_, p) =>
          Math.round(value(label, p % channels, noise())),
        );
        const image = sharp(data, { raw: { width, height, channels } }).toColourspace(
          channels < 3 ? "grey16" : "rgb16",
        );
        const written = ending === "tif" ? image.tiff({ compression: "lzw" }) : image.png();
        await written.toFile(at(name, split, kind, `${i}.${ending}`));
      }
    }
  }
}

beforeAll(async () => {
  folder = await makeFolder();
  const nearInfrared = (label: number) => (label === 0 ? 40_000 : 6_000);
  const bands: Raw = { channels: 4, value: (label, c, n) => (c === 3 ? nearInfrared(label) : 12_000) + 8000 * n };
  await writeFiles("satellite", bands, "tif");
  // By its upper byte every pixel is 128.
  await writeFiles("x-ray", { channels: 1, value: (label, _, n) => 0x8000 + (label === 0 ? 20 : 160) + 60 * n }, "png");
});
afterAll(() => folder.remove());

const trainTokenizer = (out: string, ...more: string[]) =>
  cli(["train-tokenizer", "--data", at("satellite"), "--out", at(out), "--batch-size", "8", ...oneThread, ...more]);
const scratch = (data: string, out: string, ...more: string[]) =>
  cli([
    ...["finetune", "--scratch", "--recipe", "fine-tune-demo", "--data", at(data), "--out", at(out)],
    ...["--batch-size", "8", "--set", "learningRate.warmup={share: 0.1}", "initStd=0.1", ...more, ...oneThread],
  ]);
const accuracy = ({ events }: Awaited<ReturnType<typeof cli>>) =>
  events.find(({ event }) => event === "scores")?.["accuracy"];

describe("four bands of 16 bits", () => {
  it("are verified: as many as are said, and what they are", async () => {
    const run = await cli(["data", "verify", at("satellite"), "--channels", "4"]);
    expect([run.code, run.stderr]).toEqual([0, expect.stringContaining("24 of 4 channels and 16 bits")]);
    const measured = await cli(["data", "verify", at("satellite"), "--channels", "4", "--statistics", "--json"]);
    const { mean } = measured.events.find(({ event }) => event === "statistics") as unknown as { mean: number[] };
    for (const [c, value] of [16_000, 16_000, 16_000, 27_000].entries()) {
      expect(Math.abs(mean[c] - value / 65535)).toBeLessThan(0.005);
    }
    const five = await cli(["data", "verify", at("satellite"), "--channels", "5"]);
    expect([five.code, five.stdout]).toEqual([
      1,
      expect.stringContaining(`${at("satellite", "train", "field", "0.tif")}: expected 5 channels, got 4`),
    ]);
    expect((await cli(["data", "verify", at("satellite"), "--channels", "9"])).stderr).toContain("from 1 to 8");
  });

  it("train a tokenizer, which an encoder is pre-trained and fine-tuned by", async () => {
    const tokenizer = await trainTokenizer(
      "tokenizer",
      "--recipe",
      "tokenizer-demo",
      "--channels",
      "4",
      "--epochs",
      "1",
    );
    expect(tokenizer.code, tokenizer.stderr).toBe(0);
    expect(tokenizer.stderr).toContain(
      "mean and std: 0.5 for each of 4 channels (beit data verify --statistics measures them, --set views.mean=",
    );
    const pretrained = await cli([
      ...["pretrain", "--data", at("satellite"), "--tokenizer", at("tokenizer"), "--out", at("pretrained")],
      ...["--batch-size", "8", "--epochs", "1", ...oneThread],
    ]);
    expect(pretrained.code, pretrained.stderr).toBe(0);
    expect(pretrained.stderr).toMatch(/recipe: .*model\.channels=4.* views\.colorJitter\.brightness=0/);
    const tuned = await cli([
      ...["finetune", "--data", at("satellite"), "--from", at("pretrained"), "--out", at("tuned")],
      ...["--batch-size", "8", "--epochs", "8", ...oneThread],
    ]);
    expect(tuned.code, tuned.stderr).toBe(0);
    const scores = await cli(["evaluate", at("tuned"), "--data", at("satellite"), "--json", ...oneThread]);
    expect(accuracy(scores)).toBe(1);
  });

  it("are tokenized, encoded, predicted and shown", async () => {
    const [field, water] = [at("satellite", "val", "field", "0.tif"), at("satellite", "val", "water", "0.tif")];
    const images = ["--images", field, water];
    for (const argv of [
      ["tokenize", "--tokenizer", at("tokenizer"), "--data", field],
      ["encode", at("tuned"), ...images, "--out", at("features.npy")],
      ["reconstruct", "--tokenizer", at("tokenizer"), ...images, "--out", at("restored.png")],
      ["attention", at("tuned"), "--image", field, "--patch", "0,0", "--out", at("attention.png")],
    ]) {
      const run = await cli([...argv, ...oneThread]);
      expect(run.code, run.stderr).toBe(0);
    }
    const { stdout } = await cli(["predict", at("tuned"), ...images, "--top", "1", ...oneThread]);
    expect(stdout).toMatch(/field\/0\.tif\n.*% {2}field\n[^]*water\/0\.tif\n.*% {2}water/);
  });

  it("are what the converted model takes, and the library", async () => {
    const water = at("satellite", "val", "water", "0.tif");
    for (const to of ["hugging-face", "onnx", "beitjs", "unilm"]) {
      const run = await cli(["convert", at("tuned"), "--to", to, "--out", at(to), ...oneThread]);
      expect(run.code, run.stderr).toBe(0);
      expect(await readFile(at(to, "README.md"), "utf8")).toContain("4 channels, resized");
    }
    const { image_mean, image_std } = JSON.parse(
      await readFile(at("hugging-face", "preprocessor_config.json"), "utf8"),
    ) as Record<string, unknown>;
    expect([image_mean, image_std]).toEqual(new Array(2).fill([0.5, 0.5, 0.5, 0.5]));
    expect(JSON.parse(await readFile(at("hugging-face", "config.json"), "utf8"))).toMatchObject({ num_channels: 4 });
    const scores = await cli(["evaluate", at("hugging-face"), "--data", at("satellite"), "--json", ...oneThread]);
    expect(accuracy(scores)).toBe(1);
    const model = await openBeit(at("hugging-face"), createReferenceBackend());
    const pixels = await decodeImage(await readFile(water), water, { channels: 4 });
    for (const image of [water, await readFile(water), pixels]) {
      expect((await classify(model, image, { decode: decodeImage }))[0].label).toBe("water");
    }
    await expect(
      classify(model, { ...pixels, channels: 2, height: 2 * height }, { decode: decodeImage }),
    ).rejects.toThrow("expected 4 channels, got 2");
  });

  it("are refused by models of colors only where nothing can be dropped, and colors by models of bands", async () => {
    const photo = at("photo.jpg");
    await sharp({ create: { width: 20, height: 20, channels: 3, background: "red" } }).toFile(photo);
    const run = await cli(["predict", at("tuned"), "--images", photo, ...oneThread]);
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining("photo.jpg: expected 4 channels, got 3")]);
    for (const [argv, flag] of [
      [["--from", at("pretrained")], "--from"],
      [["--fork", at("tuned")], "--fork"],
    ] as const) {
      const refused = await cli(["finetune", "--data", at("satellite"), "--channels", "4", ...argv, ...oneThread]);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`expected it without ${flag}`)]);
    }
    const jitter = await trainTokenizer("none", "--channels", "4", "--set", "views.colorJitter.contrast=0.1");
    expect([jitter.code, jitter.stderr]).toEqual([
      2,
      expect.stringContaining("views.colorJitter.contrast: expected 0, as 4 channels are no colors, got 0.1"),
    ]);
  });

  it("go on after a stop to the same bits", async () => {
    const options = ["--channels", "4", "--epochs", "2", "--save-every", "2"];
    expect((await scratch("satellite", "whole", ...options)).code).toBe(0);
    const argv = [
      ...["finetune", "--scratch", "--recipe", "fine-tune-demo", "--data", at("satellite"), "--out", at("stopped")],
      ...["--batch-size", "8", "--set", "learningRate.warmup={share: 0.1}", "initStd=0.1", ...options, ...oneThread],
    ];
    const stopped = await cli([...argv, "--json"], {
      onLine: (line, signal) => line.includes('"step":3') && signal("SIGINT"),
    });
    expect(stopped.code).not.toBe(0);
    const resumed = await scratch("satellite", "stopped", ...options);
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining("going on at step 3")]);
    const weights = (run: string) => readFile(at(run, "checkpoints", "step-000006", "model.safetensors"));
    expect((await weights("stopped")).equals(await weights("whole"))).toBe(true);
  });
});

it("grey of 16 bits is told apart by its lower bytes, with the mean and std of the images", async () => {
  const statistics = ["mean: [0.502]", "std: [0.001]"].join(", ");
  const views = ["view", "evalView"].map((view) => `${view}.normalization={${statistics}}`);
  const run = await scratch("x-ray", "x-ray-run", "--channels", "1", "--epochs", "20", "--set", ...views);
  expect(run.code, run.stderr).toBe(0);
  const scores = await cli(["evaluate", at("x-ray-run"), "--data", at("x-ray"), "--json", ...oneThread]);
  expect(accuracy(scores)).toBe(1);
});

it("a recipe of bands is shown and taken again", async () => {
  const { stdout } = await cli(["recipes", "show", "tokenizer-small", "--channels", "8"]);
  expect(stdout).toMatch(/\n {2}channels: 8\n[^]*\n {4}brightness: 0\n/);
  await writeFile(at("eight.yaml"), stdout);
  const again = await cli(["recipes", "show", at("eight.yaml")]);
  expect(again.stdout.split("\n").slice(1)).toEqual(stdout.split("\n").slice(1));
});
