// A step whose loss is not finite leaves all it takes to make it again; `beit replay` does, and shows the tensor that it began in.
import { cp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadCheckpoint, loadReplay } from "@beitjs/trainers/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writePngs, writeRecipes } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
let data: string;
const at = (...names: string[]) => join(folder.path, ...names);

beforeAll(async () => {
  folder = await makeFolder();
  recipe = await writeRecipes(at("recipes"));
  data = await writeIdx(at("idx"));
  expect((await train("train-tokenizer", "tokenizer", "tokenizer")).code).toBe(0);
});
afterAll(() => folder.remove());

const train = (command: string, name: Parameters<typeof recipe>[0], out: string, ...more: string[]) =>
  cli([command, "--data", data, "--recipe", recipe(name), "--out", at(out), ...oneThread, ...more]);
const diverged = ["--set", "learningRate.peak=1e30"];

type Shown = { readonly pass: string; readonly name: string; readonly nan: number; readonly infinite: number };

async function replayOf(out: string, ...more: string[]) {
  const run = await cli(["replay", at(out), ...oneThread, "--json", ...more]);
  const [told] = run.events.filter(({ event }) => event === "replayed");
  return {
    run,
    ...(told as unknown as { readonly again: boolean; readonly first: Shown; readonly shown: readonly Shown[] }),
  };
}

describe.each([
  ["train-tokenizer", "tokenizer", []],
  ["train-tokenizer", "gaussian", []],
  ["pretrain", "pretrain", ["--tokenizer"]],
  ["finetune", "fineTune", ["--scratch"]],
] as const)("%s by the recipe %s", (command, name, given) => {
  const out = `diverged-${name}`;

  it("leaves its state, batch and recipe, and the same tensor begins it again", async () => {
    const own = given[0] === "--tokenizer" ? ["--tokenizer", at("tokenizer")] : given;
    const failed = await train(command, name, out, ...own, ...diverged);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/beit: expected a finite .* at step \d+.*; beit replay \S+ shows where it began\n$/);
    expect((await readdir(at(out, "replay"))).sort()).toEqual(["images.safetensors", "replay.json", "state"]);
    const { step, batch, checkpoint } = await loadReplay(at(out));
    expect(batch.examples).toHaveLength(8);
    expect(checkpoint?.manifest.step).toBe(step);
    const { run, again, first, shown } = await replayOf(out);
    expect(run.code).toBe(0);
    expect(again).toBe(true);
    expect(run.stderr).toMatch(/step \d+ of .*: expected a finite/);
    expect(first.nan + first.infinite).toBeGreaterThan(0);
    expect(shown.at(-1)).toEqual(first);
    for (const one of shown.slice(0, -1)) expect(one.nan + one.infinite).toBe(0);
    expect((await replayOf(out)).first).toEqual(first);
  });
});

describe("a replay of finetune", () => {
  it.each([
    ["several labels an image", ["labels=multi"], "several.csv"],
    ["weights of classes", ["classWeights=inverse-frequency"], undefined],
    // Images of the rare class come more than once an epoch.
    ["balanced sampling", ["sampling=balanced"], undefined],
  ] as const)("by a recipe of %s begins in the same tensor", async (_, set, list) => {
    const out = `diverged-${set[0]}`;
    await writePngs(at("pictures"), ["left"], 24);
    await writePngs(at("pictures"), ["top"], list ? 24 : 6);
    if (list) {
      const rows = Array.from({ length: 48 }, (_, i) =>
        i % 2 === 0 ? `left/${i >> 1}.png,left;bright` : `top/${i >> 1}.png,top`,
      );
      await writeFile(at("pictures", list), ["file,labels", ...rows, ""].join("\n"));
    }
    const from = ["--data", list ? at("pictures", list) : at("pictures")];
    const own = ["finetune", "--scratch", "--recipe", recipe("fineTune"), ...from, "--out", at(out), ...oneThread];
    const failed = await cli([...own, ...diverged, ...set.flatMap((one) => ["--set", one])]);
    expect(failed.stderr).toContain("shows where it began");
    const { recipe: kept, batch } = await loadReplay(at(out));
    expect(kept).toMatchObject(Object.fromEntries(set.map((one) => one.split("="))));
    expect(batch.labels).toHaveLength(batch.length);
    if (list) expect(batch.examples.map(({ labels }) => labels?.length)).toContain(2);
    // The data is not asked again.
    await rm(at("pictures"), { recursive: true });
    const { run, again, first } = await replayOf(out);
    expect(run).toMatchObject({ code: 0 });
    expect(again).toBe(true);
    expect(first.nan + first.infinite).toBeGreaterThan(0);
    expect(failed.stderr).toContain(`at step ${(await loadReplay(at(out))).step}`);
  });
});

describe("a replay", () => {
  it("is in words, with the tensors before, and needs no images of the data", async () => {
    await rm(data, { recursive: true });
    const run = await cli(["replay", at("diverged-fineTune"), ...oneThread, "--before", "2"]);
    const lines = run.stdout.trimEnd().split("\n");
    await writeIdx(data);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^ {2}(parameters|forward|backward) +\S.* \[[\d, ]*\]: \S+ to \S+$/);
    expect(lines[2]).toMatch(
      /^first not finite, tensor \d+ of \d+: .*(of|after) \S+ \[.*\]: .*, \d+ NaN, \d+ infinite$/,
    );
  });

  it("of the first step after a checkpoint is of that checkpoint's state", async () => {
    const often = ["--save-every", "1", ...diverged];
    expect((await train("train-tokenizer", "tokenizer", "often", ...often)).code).toBe(1);
    const { first } = await replayOf("often");
    await rm(at("often", "replay"), { recursive: true });
    expect((await train("train-tokenizer", "tokenizer", "often", ...often)).code).toBe(1);
    expect((await replayOf("often")).first).toEqual(first);
  });

  it("of the very first step begins where the run began", async () => {
    const own = ["--tokenizer", at("tokenizer"), "--set", "initStd=1e38"];
    const failed = await train("pretrain", "pretrain", "at-once", ...own);
    expect(failed.stderr).toMatch(/at step 0, .*no checkpoint had been saved yet.*beit replay/);
    expect((await readdir(at("at-once", "replay"))).sort()).toEqual(["images.safetensors", "replay.json"]);
    expect(await replayOf("at-once")).toMatchObject({ again: true, run: { code: 0 }, first: { pass: "forward" } });
  });

  it("that comes out well is told to be so", async () => {
    // The state of a run with another rate, before the same step.
    const often = ["--save-every", "1", "--keep", "all"];
    expect((await train("train-tokenizer", "gaussian", "healthy", ...often)).code).toBe(0);
    const { step, batch } = await loadReplay(at("diverged-gaussian"));
    expect(batch.examples.map(({ image }) => image.data.length)).toEqual(batch.examples.map(() => 64));
    const healthy = at("healthy", "checkpoints", `step-00000${step}`);
    await rm(at("diverged-gaussian", "replay", "state"), { recursive: true });
    await cp(healthy, at("diverged-gaussian", "replay", "state"), { recursive: true });
    const path = at("diverged-gaussian", "replay", "replay.json");
    const stored = JSON.parse(await readFile(path, "utf8")) as object;
    await writeFile(path, JSON.stringify({ ...stored, recipe: (await loadCheckpoint(healthy)).manifest.recipe }));
    const run = await cli(["replay", at("diverged-gaussian"), ...oneThread]);
    expect(run).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/the step is finite this time, on simd/) as string,
    });
  });

  it("says where there is none", async () => {
    const none = await cli(["replay", at("tokenizer"), ...oneThread]);
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/beit: expected .*replay.*got none/) as string,
    });
    expect(await readdir(at("tokenizer"))).not.toContain("replay");
  });
});
