// Errors in the midst of a run: what was learned since the last checkpoint is saved before they end it, and the run goes on to the same
// weights once they are mended.
import { writeFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listCheckpoints, loadCheckpoint } from "@beitjs/trainers/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writePngs, writeRecipes, type CliRun, type RunCliOptions } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
const at = (...names: string[]) => join(folder.path, ...names);

beforeAll(async () => {
  folder = await makeFolder();
  recipe = await writeRecipes(at("recipes"));
  for (const [split, count] of [
    ["train", 16],
    ["val", 30],
  ] as const)
    await writePngs(at("photos", split), ["cat", "dog"], count);
  expect((await finetune("whole")).code).toBe(0);
});
afterAll(() => folder.remove());

// Four steps an epoch, two epochs, evaluated after each.
const finetune = (out: string, options: RunCliOptions = {}): Promise<CliRun> =>
  cli(
    [
      "finetune",
      "--scratch",
      "--data",
      at("photos"),
      "--recipe",
      recipe("fineTune"),
      "--out",
      at(out),
      "--json",
    ].concat(oneThread),
    options,
  );
const atStep = (step: number, act: (signal: (name: "SIGINT") => void) => void): RunCliOptions => ({
  onLine: (line, signal) => line.includes(`"step":${step},"totalSteps"`) && act(signal),
});
const stepsIn = async (out: string) =>
  (await readFile(at(out, "metrics.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { step: number }).step);

async function expectWhole(out: string): Promise<void> {
  expect((await finetune(out)).code).toBe(0);
  const [one, other] = await Promise.all([out, "whole"].map((name) => loadCheckpoint(at(name))));
  for (const file of ["model.safetensors", "optimizer.safetensors"])
    expect(one.manifest.files[file]).toEqual(other.manifest.files[file]);
  expect(one.manifest.validation).toEqual(other.manifest.validation);
  expect(one.manifest.validation?.best).toBeDefined();
  expect(await stepsIn(out)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
}

describe("is saved before it ends the run:", () => {
  it("an image that cannot be read any more", async () => {
    const files = ["cat", "dog"].flatMap((name) =>
      Array.from({ length: 16 }, (_, i) => join("train", name, `${i}.png`)),
    );
    const good = await Promise.all(files.map((file) => readFile(at("photos", file))));
    let torn: Promise<unknown> | undefined;
    const run = await finetune(
      "bad-image",
      atStep(5, () => {
        torn = Promise.all(files.map((file) => writeFile(at("photos", file), "torn")));
      }),
    );
    await torn;
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/beit: .*photos\/train\/(cat|dog)\/\d+\.png/);
    const [newest] = await listCheckpoints(at("bad-image"));
    expect(run.stderr).toContain(`step ${newest.step} is saved: once the error below is mended`);
    expect(newest.step).toBe(run.events.filter(({ event }) => event === "step").at(-1)?.["step"]);
    expect(newest.step).toBeLessThan(8);
    await Promise.all(files.map((file, i) => writeFile(at("photos", file), good[i])));
    await expectWhole("bad-image");
  });

  it("an image to validate on", async () => {
    const path = at("photos", "val", "dog", "1.png");
    const good = await readFile(path);
    let torn: Promise<unknown> | undefined;
    const run = await finetune(
      "bad-val",
      atStep(2, () => {
        torn = writeFile(path, "torn");
      }),
    );
    await torn;
    expect(run).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/step 4 is saved.*\n.*beit: .*1\.png/) as string,
    });
    expect((await loadCheckpoint(at("bad-val"))).manifest).toMatchObject({ step: 4, unevaluated: {} });
    await writeFile(path, good);
    await expectWhole("bad-val");
  });

  it("Ctrl-C in the midst of an evaluation, which ends soon", async () => {
    // Some turns after the third step was told the fourth is under way, whose evaluation reads 60 files.
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const later = async (signal: (name: "SIGINT") => void) => {
      for (let turns = 0; turns < 3; turns++) await turn();
      signal("SIGINT");
    };
    const run = await finetune(
      "interrupted",
      atStep(3, (signal) => void later(signal)),
    );
    expect(run.code).toBe(130);
    expect(run.stderr).toMatch(/stopped at step 4 of 8; saved as .*step-000004; the same command goes on from there/);
    expect(run.stderr).not.toContain("beit:");
    expect(run.events.some(({ event }) => event === "validation")).toBe(false);
    await expectWhole("interrupted");
  });

  it("not a checkpoint that cannot be written: its path is told, and none is left half done", async () => {
    const run = await finetune(
      "no-room",
      atStep(1, () => writeFileSync(at("no-room", "checkpoints"), "")),
    );
    expect(run).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/beit: could not write .*no-room\/checkpoints\/step-000004: EEXIST/) as string,
    });
    await rm(at("no-room", "checkpoints"));
    await expectWhole("no-room");
  });
});
