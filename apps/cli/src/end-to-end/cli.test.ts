// The loop from end to end on tiny data, and what the terminal shows.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, toInt32 } from "@beitjs/tensor-core/safetensors";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { commands } from "../commands/index.ts";
import { cli, makeFolder, tinyRecipes, writeIdx, writePngs, writeRecipes } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let data: string;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
const at = (...names: string[]) => join(folder.path, ...names);
const json = async (path: string) => JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;

beforeAll(async () => {
  folder = await makeFolder();
  data = await writeIdx(at("data"));
  recipe = await writeRecipes(at("recipes"));
});
afterAll(() => folder.remove());

describe("the loop", () => {
  it("trains a tokenizer and leaves a run folder", async () => {
    const run = await cli([
      "train-tokenizer",
      "--data",
      data,
      "--recipe",
      recipe("tokenizer"),
      "--out",
      at("tokenizer"),
      ...oneThread,
    ]);
    expect(run.stderr).toContain("backend: simd, ");
    expect(run.stderr).toMatch(/images: 32 of .* \(idx, train\), 2 classes/);
    expect(run.stderr).toMatch(/tokenizer 1\/8 .* KL \d+\.\d\d \(0 to ln 16 = 2\.77\), \d+ of 16 tokens in use/);
    expect(run.code).toBe(0);
    expect(run.stdout).toBe("");
    const names = await readdir(at("tokenizer"));
    expect(names.filter((name) => !name.startsWith("events.out.tfevents.")).sort()).toEqual([
      "checkpoints",
      expect.stringMatching(/^images-[0-9a-f]{12}\.jsonl$/),
      "metrics.jsonl",
      "recipe.yaml",
      "summary.json",
    ]);
    expect(names.some((name) => name.startsWith("events.out.tfevents."))).toBe(true);
    expect(parse(await readFile(at("tokenizer", "recipe.yaml"), "utf8"))).toEqual(tinyRecipes.tokenizer);
    expect(await json(at("tokenizer", "summary.json"))).toMatchObject({
      step: 8,
      skippedImages: 0,
      data: { images: 32 },
      backend: { name: "simd" },
    });
    expect((await readFile(at("tokenizer", "metrics.jsonl"), "utf8")).trimEnd().split("\n")).toHaveLength(8);
  });

  it("tells JSON events on stdout, one a line, and does nothing twice", async () => {
    const again = [
      "train-tokenizer",
      "--data",
      data,
      "--recipe",
      recipe("tokenizer"),
      "--out",
      at("tokenizer"),
      ...oneThread,
    ];
    const run = await cli([...again, "--json"]);
    expect(run.code).toBe(0);
    expect(run.stdout.trimEnd().split("\n")).toHaveLength(run.events.length);
    expect(run.events.map(({ event }) => event)).toEqual(["backend", "images", "plan", "resume", "done"]);
    expect(run.stderr).toContain("nothing to do: the run has made its 8 steps");
    expect(await json(at("tokenizer", "summary.json"))).toMatchObject({ step: 8, thisCall: { steps: 8 } });
  });

  it("tokenizes: grids on a terminal, JSON lines elsewhere, files on request", async () => {
    const pngs = await writePngs(at("pngs"), ["cat", "dög 🐶"], 2);
    const image = join(pngs, "dög 🐶", "0.png");
    const tokenize = ["tokenize", "--tokenizer", at("tokenizer"), ...oneThread, "--data"];
    const shown = await cli([...tokenize, image], { tty: true });
    expect(shown.stdout).toMatch(/0\.png\n( ?\d+( |\n)){16}/);
    const lines = (await cli([...tokenize, image, pngs])).stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { name: string; tokens: number[][] });
    const names = ["cat/0.png", "cat/1.png", "dög 🐶/0.png", "dög 🐶/1.png"];
    expect(lines.map(({ name }) => name)).toEqual([image, ...names.map((name) => join(pngs, name))]);
    expect(lines[3].tokens).toEqual(lines[0].tokens);
    await cli([...tokenize, pngs, "--out", at("tokens.safetensors")]);
    const { tensors, metadata } = readSafetensors(await readFile(at("tokens.safetensors")));
    const stored = tensors.get("visualTokens");
    expect(stored?.shape).toEqual([4, 4, 4]);
    expect(stored && [...toInt32(stored)]).toEqual(lines.slice(1).flatMap(({ tokens }) => tokens.flat()));
    expect(JSON.parse(metadata["names"])).toEqual(names);
    await cli([...tokenize, pngs, "--out", at("tokens.json")]);
    const images = lines.slice(1).map(({ tokens }, i) => ({ name: names[i], tokens }));
    expect(await json(at("tokens.json"))).toMatchObject({ vocabSize: 16, grid: [4, 4], images });
    expect(await cli([...tokenize, pngs, "--out", "tokens.png"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(".safetensors or .json") as string,
    });
  });

  it("pre-trains, and says where the loss starts", async () => {
    const run = await cli([
      "pretrain",
      "--data",
      data,
      "--tokenizer",
      at("tokenizer"),
      "--recipe",
      recipe("pretrain"),
      "--out",
      at("pretrain"),
      ...oneThread,
      "--json",
    ]);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/loss 2\.\d{3} \(start: ln 16 = 2\.773\), accuracy [\d.]+ % \(chance: 6\.25 %\)/);
    expect(run.events.filter(({ event }) => event === "step")).toHaveLength(8);
    expect(run.events.find(({ event }) => event === "step")).toMatchObject({
      step: 1,
      totalSteps: 8,
      learningRate: expect.any(Number) as number,
    });
    expect(run.events.at(-1)).toMatchObject({ event: "done", step: 8 });
  });

  it("fine-tunes from the pre-trained weights and from scratch", async () => {
    const finetune = [
      "finetune",
      "--data",
      data,
      "--recipe",
      recipe("fineTune"),
      "--labels-per-class",
      "8",
      ...oneThread,
    ];
    const tuned = await cli([...finetune, "--from", at("pretrain"), "--out", at("tuned")]);
    expect(tuned).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/\(start: ln 2 = 0\.693\), accuracy .* \(chance: 50 %\)/) as string,
    });
    expect(await json(at("tuned", "summary.json"))).toMatchObject({ labelsPerClass: 8, step: 4 });
    expect((await cli([...finetune, "--scratch", "--out", at("scratch")])).code).toBe(0);
    for (const extra of [[], ["--scratch", "--from", at("pretrain")]]) {
      expect(await cli([...finetune, ...extra])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("--from with a model to begin with, --scratch, or --fork with a run") as string,
      });
    }
    expect(await cli([...finetune, "--scratch", "--out", at("tuned")])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("startWeights") as string,
    });
  });

  it("evaluates each kind of checkpoint", async () => {
    const evaluate = async (...argv: string[]) =>
      (await cli(["evaluate", ...argv, "--data", data, ...oneThread, "--json"])).events.find(
        ({ event }) => event === "scores",
      );
    expect(await evaluate(at("tokenizer"))).toMatchObject({
      stage: "tokenizer",
      split: "test",
      images: 8,
      usage: { vocabSize: 16 },
    });
    expect(await evaluate(at("pretrain"), "--split", "train")).toMatchObject({
      stage: "pretrain",
      images: 32,
      loss: expect.any(Number) as number,
    });
    expect(await evaluate(at("tuned"), "--out", at("scores.json"))).toMatchObject({
      stage: "fine-tune",
      calibrationError: expect.any(Number) as number,
      classes: ["0", "1"],
    });
    expect(await json(at("scores.json"))).toMatchObject({ accuracy: expect.any(Number) as number });
    const plain = await cli(["evaluate", at("tuned"), "--data", data, ...oneThread]);
    expect(plain.stdout).toMatch(/^accuracy [\d.]+ % \(chance: 50 %\)\nloss [\d.]+\n/);
  });

  it("refuses to evaluate on other classes", async () => {
    const three = await writePngs(at("three"), ["a", "b", "c"], 1);
    expect(await cli(["evaluate", at("tuned"), "--data", three, ...oneThread])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("2 classes, got 3: a, b, c") as string,
    });
    const other = await writePngs(at("other"), ["a", "b"], 1);
    expect((await cli(["evaluate", at("tuned"), "--data", other, ...oneThread])).stderr).toContain(
      'class 0 is "a" here and "0" there',
    );
  });

  it("draws attention", async () => {
    const attention = [
      "attention",
      at("pretrain"),
      "--image",
      at("pngs", "cat", "0.png"),
      ...oneThread,
      "--force",
      "--out",
      at("attention.png"),
      "--patch",
    ];
    const run = await cli([...attention, "3,0", "--layer", "0", "--head", "1", "--json"]);
    expect(run.code).toBe(0);
    const weights = run.events.find(({ event }) => event === "attention")?.["weights"] as number[];
    expect(weights).toHaveLength(16);
    expect(weights.reduce((sum, weight) => sum + weight)).toBeLessThan(1);
    const { data: pixels, info } = await sharp(at("attention.png")).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 448, height: 448, channels: 3 });
    // The frame of patch 3,0: its lower left corner is white, no other corner is.
    const corner = (row: number, col: number) => [...pixels.subarray((row * 448 + col) * 3, (row * 448 + col) * 3 + 3)];
    expect(corner(447, 0)).toEqual([255, 255, 255]);
    expect(corner(0, 0)).not.toEqual([255, 255, 255]);
    for (const [flags, message] of [
      [["4,0"], "expected row,col from 0,0 to 3,3"],
      [["16"], "expected row,col from 0,0 to 3,3"],
      [["0,0", "--layer", "2"], "--layer 2: expected 0 to 1"],
      [["0,0", "--head", "2"], "--head 2: expected 0 to 1"],
    ] as const) {
      expect(await cli([...attention, ...flags])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(message) as string,
      });
    }
  });

  it("trains and evaluates the Gaussian VAE by the same commands", async () => {
    const run = await cli([
      "train-tokenizer",
      "--data",
      data,
      "--recipe",
      recipe("gaussian"),
      "--out",
      at("gaussian"),
      ...oneThread,
    ]);
    expect(run).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("per image (0: latents say nothing)") as string,
    });
    expect((await cli(["evaluate", at("gaussian"), "--data", data, ...oneThread])).stdout).toMatch(
      /^mean absolute error 0\.\d{4}/,
    );
    const pretrain = await cli([
      "pretrain",
      "--data",
      data,
      "--tokenizer",
      at("gaussian"),
      "--recipe",
      recipe("pretrain"),
      ...oneThread,
    ]);
    expect(pretrain).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("expected a checkpoint of stage tokenizer, got gaussian") as string,
    });
  });
});

describe("what is shown", () => {
  it("is a bar on a terminal, without color where NO_COLOR is set", async () => {
    const train = ["train-tokenizer", "--data", data, "--recipe", recipe("tokenizer"), ...oneThread, "--out"];
    const bar = await cli([...train, at("bar")], { tty: true });
    expect(bar.stderr).toMatch(/tokenizer [█░]+ 8\/8 .*images\/s.*left/);
    const bad = ["train-tokenizer", "--data", at("nowhere")];
    expect((await cli(bad, { tty: true })).stderr).toContain("\u001b[31mbeit:");
    expect((await cli(bad, { tty: true, env: { NO_COLOR: "1" } })).stderr).toMatch(/^beit: /);
    expect((await cli(bad, { tty: false })).stderr).toMatch(/^beit: /);
  });

  it("is help with an example for every command", async () => {
    for (const { name, example } of commands) {
      const help = await cli([...name.split(" "), "--help"]);
      expect(help).toMatchObject({ code: 0, stderr: "" });
      expect(help.stdout).toContain(`Example:\n  ${example}`);
      expect(example).toMatch(new RegExp(`^beit ${name}`));
    }
    expect((await cli(["--help"])).stdout).toContain("train-tokenizer");
    expect((await cli(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("doctor", () => {
  it("reports machine, backends, reasons and self-tests", async () => {
    const run = await cli(["doctor", "--json"]);
    const [report] = run.events as unknown as [
      {
        machine: object;
        backends: { name: string; available: boolean; reason: string; selfTest?: object; gemm?: object }[];
      },
    ];
    expect(run.code).toBe(0);
    expect(report.machine).toMatchObject({ node: process.version, processors: expect.any(Number) as number });
    expect(report.backends.map(({ name }) => name)).toEqual([
      ...["simd", "webgpu", "tfjs-wasm", "tfjs-cpu", "tensorflow", "tensorflow-gpu", "reference"],
    ]);
    for (const { available, reason, selfTest, gemm } of report.backends) {
      expect(reason).not.toBe("");
      if (available) expect(selfTest).toMatchObject({ passed: true, failures: [] });
      if (available) expect(gemm).toMatchObject({ gflops: expect.any(Number) as number });
    }
    const plain = (await cli(["doctor", "--threads", "1"])).stdout;
    expect(plain).toMatch(/simd +simd, (base|relaxed) build, 1 thread \(/);
    expect(plain).toContain("ops agree with the reference");
  });
});

describe("data verify", () => {
  it("names bad images and fails, or goes on with --skip-bad", async () => {
    const pngs = await writePngs(at("some-bad"), ["a", "b"], 3);
    expect(await cli(["data", "verify", pngs])).toMatchObject({ code: 0, stdout: "" });
    await writeFile(join(pngs, "a", "broken.jpg"), "<!doctype html><html></html>");
    const bad = await cli(["data", "verify", pngs]);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toMatch(/a\/broken\.jpg: .*HTML/);
    expect(bad.stderr).toContain("beit: 1 of 7 images");
    expect((await cli(["data", "verify", pngs, "--skip-bad", "--json"])).events.at(-1)).toEqual({
      event: "done",
      images: 7,
      bad: 1,
    });
  });
});
