// Values that no command can take: each ends with exit code 2 and a line that names its flag, before anything is made.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writePngs, writeRecipes } from "../testing/run-cli.ts";

const one = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
  const recipe = await writeRecipes(at("recipes"));
  await writeIdx(at("idx"));
  await writePngs(at("pngs"), ["0", "1"], 2);
  for (const argv of [
    ["train-tokenizer", "--data", at("idx"), "--recipe", recipe("tokenizer"), "--out", at("tokenizer")],
    [
      "pretrain",
      "--data",
      at("idx"),
      "--recipe",
      recipe("pretrain"),
      "--tokenizer",
      at("tokenizer"),
      "--out",
      at("pretrain"),
    ],
    [
      "finetune",
      "--data",
      at("idx"),
      "--recipe",
      recipe("fineTune"),
      "--from",
      at("pretrain"),
      "--out",
      at("finetune"),
    ],
  ]) {
    const { code, stderr } = await cli([...argv, ...one]);
    expect(code, stderr).toBe(0);
  }
}, 120_000);
afterAll(() => folder.remove());
const made = async () => (await readdir(folder.path)).filter((name) => name.startsWith("new"));
afterEach(async () => {
  for (const name of await made()) await rm(at(name), { recursive: true });
});

const numbers = ["-1", "1.5", "1e999", "NaN", "99999999999999999999", " ", "Infinity"];
const commands: Readonly<Record<string, () => readonly string[]>> = {
  finetune: () => [
    "finetune",
    "--data",
    at("idx"),
    "--recipe",
    at("recipes", "fineTune.json"),
    "--scratch",
    "--out",
    at("new"),
  ],
  "train-tokenizer": () => [
    "train-tokenizer",
    "--data",
    at("idx"),
    "--recipe",
    at("recipes", "tokenizer.json"),
    "--out",
    at("new"),
  ],
  predict: () => ["predict", at("finetune"), "--images", at("pngs"), "--out", at("new.csv")],
  encode: () => ["encode", at("finetune"), "--images", at("pngs"), "--out", at("new.safetensors")],
  evaluate: () => ["evaluate", at("finetune"), "--data", at("idx"), "--out", at("new.json")],
  "evaluate pretrain": () => ["evaluate", at("pretrain"), "--data", at("idx"), "--out", at("new.json")],
  "evaluate train-tokenizer": () => ["evaluate", at("tokenizer"), "--data", at("idx"), "--out", at("new.json")],
  attention: () => ["attention", at("finetune"), "--image", at("pngs", "0", "0.png"), "--out", at("new.png")],
  tokenize: () => ["tokenize", "--tokenizer", at("tokenizer"), "--data", at("pngs"), "--out", at("new.json")],
  convert: () => ["convert", at("finetune"), "--out", at("new")],
  watch: () => ["watch", at("finetune")],
  report: () => ["report", at("finetune"), "--out", at("new.html")],
  demo: () => ["demo", "--out", at("new")],
  doctor: () => ["doctor"],
};
const cases: readonly (readonly [command: string, flag: string, values: readonly string[]])[] = [
  ["finetune", "--epochs", [...numbers, "0", "1000000000000000"]],
  ["finetune", "--batch-size", [...numbers, "0", "1000000000000000"]],
  ["finetune", "--micro-batches", [...numbers, "0", "7", "1e12"]],
  ["finetune", "--lr", ["-1", "0", "1e999", "NaN", " "]],
  ["finetune", "--seed", numbers.filter((value) => value !== "-1")],
  ["finetune", "--save-every", [...numbers, "0"]],
  ["finetune", "--val-share", ["-1", "0", "1", "2", "NaN", "1e999"]],
  ["finetune", "--eval-every", ["-1", "0", "0epochs", "1.5", "NaN", "1e999"]],
  ["finetune", "--early-stop", [...numbers, "0"]],
  ["finetune", "--keep", ["-1", "0", "1.5", "none"]],
  ["finetune", "--ema", ["-1", "1", "2", "NaN", "1e999"]],
  ["finetune", "--labels-per-class", [...numbers, "0", "1000000"]],
  ["finetune", "--threads", [...numbers, "0", "1000000"]],
  ["finetune", "--bits", ["0", "7", "17", "-1", "NaN"]],
  ["finetune", "--best-metric", ["nothing", "__proto__", "constructor", "toString"]],
  ["finetune", "--recipe", ["nothing", "__proto__", "constructor", "toString", ""]],
  ["train-tokenizer", "--best-metric", ["accuracy"]],
  ["predict", "--top", [...numbers, "0"]],
  ["predict", "--batch", [...numbers, "0"]],
  ["predict", "--image-size", ["0", "1", "1x8", "-1", "1e9", "1000000", "8x", "100000x100000"]],
  ["predict", "--backend", ["nothing", "__proto__"]],
  ["predict", "--threads", [...numbers, "0", "1000000"]],
  ["encode", "--layer", [...numbers, "2", "1000"]],
  ["evaluate", "--batch", [...numbers, "0"]],
  ["evaluate", "--split", ["nothing"]],
  ["evaluate", "--image-size", ["0", "1", "1000000", "8x"]],
  // Other patches than the tokenizer has tokens.
  ["evaluate pretrain", "--image-size", ["1", "7", "8x7", "10x12"]],
  ["evaluate train-tokenizer", "--image-size", ["7", "8"]],
  ["attention", "--layer", [...numbers, "2", "1000"]],
  ["attention", "--head", [...numbers, "2", "1000"]],
  ["attention", "--patch", ["-1,0", "4,0", "0,4", "a", "16", "-1", "1,2,3", "1e9,0", "0.5,0"]],
  // A tokenizer of ours has its size.
  ["tokenize", "--token-size", ["0", "-8", "a", "16"]],
  ["evaluate pretrain", "--token-size", ["4"]],
  ["convert", "--image-size", ["0", "1000000", "100000x100000"]],
  ["watch", "--port", [...numbers, "0", "65536"]],
  ["demo", "--seeds", [...numbers, "0"]],
  ["doctor", "--threads", [...numbers, "0", "1000000"]],
];

describe.each(cases)("%s %s", (command, flag, values) => {
  it.each(values)(
    "%j is a wrong use",
    async (value) => {
      const { code, stdout, stderr } = await cli([
        ...commands[command](),
        ...(flag === "--threads" ? one.slice(0, 2) : one),
        `${flag}=${value}`,
      ]);
      expect([code, stdout], stderr.trim().split("\n").at(-1)).toEqual([2, ""]);
      expect(stderr.split("\n").filter((line) => line.startsWith("beit: "))).toHaveLength(1);
      expect(await made()).toEqual([]);
    },
    15_000,
  );
});

describe("--set", () => {
  it.each([
    "batchSize=0",
    "batchSize=1e15",
    "microBatches=1e12",
    "batchSize=-1",
    "batchSize=1.5",
    "batchSize=[1]",
    "batchSize='8'",
    "epochs=0",
    "epochs=.inf",
    "epochs=.nan",
    "learningRate.peak=-1",
    "learningRate.peak=.inf",
    "learningRate.warmup={share: 2}",
    "learningRate.warmup={epochs: 9}",
    "model.width=0",
    "model.width=17",
    "model.depth=1e9",
    "model.heads=3",
    "model.patchSize=0",
    "model.imageSize=1e9",
    "model.dropPath=1.5",
    "model.mlpRatio=0",
    "view.size=0",
    "view.size=-8",
    "seed=-1",
    "seed=1e300",
    "adamW.beta1=1",
    "adamW.clipNorm=-1",
    "layerDecay=0",
    "layerDecay=2",
    "model=null",
    "view=3",
    "stage=pretrain",
    "stage=__proto__",
  ])(
    "%s is a wrong use",
    async (assignment) => {
      const { code, stdout, stderr } = await cli([...commands["finetune"](), ...one, "--set", assignment]);
      expect([code, stdout], stderr.trim().split("\n").at(-1)).toEqual([2, ""]);
      expect(await made()).toEqual([]);
    },
    15_000,
  );
});
