// --dry-run: every training command tells its run, makes a few steps of it and leaves no run behind.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writeRecipes } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let data: string;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
const at = (...names: string[]) => join(folder.path, ...names);

beforeAll(async () => {
  folder = await makeFolder();
  data = await writeIdx(at("data"));
  recipe = await writeRecipes(at("recipes"));
  const real = [
    "train-tokenizer",
    "--data",
    data,
    "--recipe",
    recipe("tokenizer"),
    "--out",
    at("tokenizer"),
    ...oneThread,
  ];
  expect((await cli(real)).code).toBe(0);
});
afterAll(() => folder.remove());

it.each([
  ["train-tokenizer", "tokenizer", () => []],
  ["train-tokenizer", "gaussian", () => []],
  ["pretrain", "pretrain", () => ["--tokenizer", at("tokenizer")]],
  ["finetune", "fineTune", () => ["--scratch"]],
] as const)("beit %s, recipe %s", async (command, name, more) => {
  const out = at(`dry-${name}`);
  const argv = [command, "--data", data, "--recipe", recipe(name), "--out", out, ...more(), ...oneThread, "--dry-run"];
  const { code, stderr, events } = await cli([...argv, "--json"]);
  expect(stderr).toContain("dry run: no run was made\n");
  expect(code).toBe(0);
  expect(existsSync(out)).toBe(false);
  const plan = events.find(({ event }) => event === "plan");
  const run = events.find(({ event }) => event === "dry-run");
  const { peak } = plan?.["memory"] as { readonly peak: number };
  expect(run?.["measuredPeak"]).toBeGreaterThan(0.98 * peak);
  expect(run?.["measuredPeak"]).toBeLessThan(1.02 * peak);
  expect(run).toMatchObject({ steps: 3, secondsPerStep: expect.any(Number) as number });
  expect(run?.["learningRate"]).toHaveLength(plan?.["totalSteps"] as number);
  expect(stderr).toMatch(
    /images to learn from: 32 \(0 16, 1 16\)\nlearning rate over \d+ steps, at most [\d.]+:\n .*█/,
  );
});

it.each([
  ["train-tokenizer", "tokenizer", ["16384", "--set", "model.hidden=1024"], () => []],
  ["pretrain", "pretrain", ["2048", "--set", "model.mlpRatio=416"], () => ["--tokenizer", at("tokenizer")]],
  ["finetune", "fineTune", ["2048", "--set", "model.mlpRatio=416"], () => ["--scratch"]],
] as const)("beit %s refuses what memory cannot hold before it reads images", async (command, name, wide, more) => {
  const argv = [command, "--data", data, "--recipe", recipe(name), ...more(), ...oneThread];
  const large = ["--batch-size", ...wide];
  const { code, stderr } = await cli([...argv, ...large, "--out", at("large")]);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /memory: [\d.]+ GiB expected, [\d.]+ [GM]iB more than the 4 GiB .*; --micro-batches \d+ takes /,
  );
  expect(stderr).not.toContain("images:");
  expect(existsSync(at("large"))).toBe(false);
  // A run that goes on keeps its micro-batches, and may recompute where there are blocks.
  expect((await cli([...argv, "--out", at(`small-${name}`)])).code).toBe(0);
  const resumed = await cli([...argv, ...large, "--out", at(`small-${name}`)]);
  const way =
    name === "tokenizer"
      ? /memory: .*; a run that goes on keeps its micro-batches; .* by --fork, may have others: --micro-batches/
      : /memory: .* that simd can have; --recompute takes [\d.]+ GiB\n$/;
  expect(resumed.stderr).toMatch(way);
});

it("tells held-out images, and as the first lines of a run the same, without an end to it", async () => {
  const argv = ["finetune", "--data", data, "--recipe", recipe("fineTune"), "--scratch", ...oneThread];
  const dry = await cli([...argv, "--val-share", "0.25", "--out", at("none"), "--dry-run"]);
  expect(dry.stderr).toMatch(/images to learn from: 24 .*\nimages to validate on: 8 \(0 4, 1 4\)\n/);
  const real = await cli([...argv, "--val-share", "0.25", "--out", at("real")]);
  const told = (text: string) => text.split("\n").filter((line) => /^(model|run|memory): /.test(line));
  expect(told(real.stderr)).toHaveLength(3);
  expect(told(real.stderr)).toEqual(told(dry.stderr));
});
