// What commands leave when they are killed, and that they write over nothing unasked: metrics on the disk before a checkpoint that
// counts on them, the summary of a run that was killed before it, files of results.
import { promises as fs, readlinkSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { cli, makeFolder, writeIdx, writePngs, writeRecipes } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
let idx: string;
let photos: string;
const at = (...names: string[]) => join(folder.path, ...names);
const json = async (...path: string[]) => JSON.parse(await readFile(at(...path), "utf8")) as Record<string, unknown>;

beforeAll(async () => {
  folder = await makeFolder();
  recipe = await writeRecipes(at("recipes"));
  idx = await writeIdx(at("idx"));
  photos = await writePngs(at("photos"), ["cat", "dog"], 3);
  await finetune("classifier");
  await tokenizer("tokenizer");
}, 60_000);
afterAll(() => folder.remove());
afterEach(() => vi.restoreAllMocks());

const finetune = (out: string, ...more: string[]) =>
  cli([
    "finetune",
    "--scratch",
    "--data",
    idx,
    "--recipe",
    recipe("fineTune"),
    "--out",
    at(out),
    ...oneThread,
    ...more,
  ]);
const tokenizer = (out: string, ...more: string[]) =>
  cli(["train-tokenizer", "--data", idx, "--recipe", recipe("tokenizer"), "--out", at(out), ...oneThread, ...more]);

it.runIf(process.platform === "linux")("metrics are on the disk before each checkpoint has its name", async () => {
  const handle = await fs.open(folder.path, "r");
  const prototype = Object.getPrototypeOf(handle) as fs.FileHandle;
  await handle.close();
  const { rename } = fs;
  const [dirty, checkpoints] = [new Set<string>(), [] as string[]];
  const nameOf = ({ fd }: fs.FileHandle) => basename(readlinkSync(`/proc/self/fd/${fd}`));
  const { writeFile: append, sync } = prototype;
  vi.spyOn(prototype, "writeFile").mockImplementation(function (this: fs.FileHandle, ...args) {
    dirty.add(nameOf(this));
    return append.apply(this, args);
  });
  vi.spyOn(prototype, "sync").mockImplementation(function (this: fs.FileHandle) {
    dirty.delete(nameOf(this));
    return sync.call(this);
  });
  vi.spyOn(fs, "rename").mockImplementation(async (from, to) => {
    if (/^step-\d+$/.test(basename(String(to)))) {
      checkpoints.push(basename(String(to)));
      expect([...dirty]).toEqual([]);
    }
    await rename(from, to);
  });
  expect((await tokenizer("flushed", "--save-every", "3")).code).toBe(0);
  expect(checkpoints).toEqual(["step-000003", "step-000006", "step-000008"]);
});

describe("a run that was killed between its last checkpoint and its summary", () => {
  const held = ["--val-share", "0.25", "--ema", "0.7"];
  const lasting = ({ thisCall: _, ...summary }: Record<string, unknown>) => summary;

  it.each([
    ["none", (path: string) => rm(path)],
    ["half a", (path: string) => writeFile(path, '{"stage":"fi')],
    ["an older", (path: string) => writeFile(path, '{"step":4}')],
  ])("writes it when it is started again: %s summary is there", async (_, damage) => {
    const first = await finetune("killed", ...held);
    expect(first, first.stderr).toMatchObject({ code: 0 });
    const whole = await json("killed", "summary.json");
    expect(whole).toMatchObject({
      step: 6,
      final: { loss: expect.any(Number) as number },
      validation: { last: { step: 6 } },
    });
    await damage(at("killed", "summary.json"));
    const again = await finetune("killed", ...held, "--json");
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining("summary: ") as string });
    const summary = await json("killed", "summary.json");
    expect(lasting(summary)).toEqual(lasting(whole));
    expect(summary["thisCall"]).toMatchObject({ steps: 0, imagesPerSecond: 0 });
    const once = await readFile(at("killed", "summary.json"));
    expect((await finetune("killed", ...held)).stderr).not.toContain("summary: ");
    expect((await readFile(at("killed", "summary.json"))).equals(once)).toBe(true);
    await rm(at("killed"), { recursive: true });
  });
});

it("a folder of a machine that is gone is taken over where that is asked for", async () => {
  await mkdir(at("shared"));
  const since = "2026-01-01T00:00:00.000Z";
  await writeFile(at("shared", "run.lock"), `${JSON.stringify({ pid: 1, host: "elsewhere", since })}\n`);
  const refused = await tokenizer("shared");
  expect(refused.stderr).toContain("of which nothing was heard for 10 s; if that machine is gone");
  expect(refused.stderr).toContain("--take-over");
  expect(refused.code).toBe(1);
  const taken = await tokenizer("shared", "--take-over");
  expect(taken, taken.stderr).toMatchObject({ code: 0 });
  expect(await readdir(at("shared"))).not.toContain("run.lock");
}, 60_000);

describe("files of results are not written over unasked", () => {
  const image = () => join(photos, "cat", "0.png");
  const commands: Readonly<Record<string, () => readonly [file: string, ...argv: string[]]>> = {
    "encode to npy": () => ["f.npy", "encode", at("classifier"), "--images", photos, ...oneThread],
    "encode to safetensors": () => ["f.safetensors", "encode", at("classifier"), "--images", photos, ...oneThread],
    predict: () => ["p.csv", "predict", at("classifier"), "--images", photos, ...oneThread],
    tokenize: () => ["t.json", "tokenize", "--tokenizer", at("tokenizer"), "--data", photos, ...oneThread],
    evaluate: () => ["e.json", "evaluate", at("classifier"), "--data", idx, ...oneThread],
    attention: () => ["a.png", "attention", at("classifier"), "--image", image(), "--patch", "0,0", ...oneThread],
    reconstruct: () => ["r.png", "reconstruct", "--tokenizer", at("tokenizer"), "--images", image(), ...oneThread],
  };

  it.each(Object.entries(commands))("%s", async (_, command) => {
    const [file, ...argv] = command();
    const mine = "somebody's own";
    await writeFile(at(file), mine);
    const run = (...more: string[]) => cli([...argv, "--out", at(file), ...more]);
    const refused = await run();
    expect(refused.stderr).toContain(`--out ${at(file)}: is there already; pass --force to write over it`);
    expect(refused.code).toBe(2);
    expect(await readFile(at(file), "utf8")).toBe(mine);
    const forced = await run("--force");
    expect(forced, forced.stderr).toMatchObject({ code: 0 });
    expect(await readFile(at(file), "utf8")).not.toBe(mine);
    expect((await readdir(folder.path)).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  it("all of a folder", async () => {
    await mkdir(at("figures"));
    const evaluate = (...more: string[]) =>
      cli(["evaluate", at("classifier"), "--data", idx, ...oneThread, "--out", at("figures"), ...more]);
    expect((await evaluate()).code).toBe(0);
    expect(await evaluate()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("already has figures.json, figures.csv, report.html; pass --force") as string,
    });
    expect((await evaluate("--force")).code).toBe(0);
    const reconstruct = (...more: string[]) =>
      cli([
        "reconstruct",
        "--tokenizer",
        at("tokenizer"),
        "--images",
        photos,
        ...oneThread,
        "--out",
        at("pictures"),
        ...more,
      ]);
    expect((await reconstruct()).code).toBe(0);
    expect(await reconstruct()).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/pictures already has .*\.png, .* and 1 more; pass --force/) as string,
    });
    expect((await reconstruct("--force")).code).toBe(0);
  });

  it.runIf(process.platform === "linux")("a device takes what it is given", async () => {
    const run = await cli(["evaluate", at("classifier"), "--data", idx, ...oneThread, "--out", "/dev/null"]);
    expect(run.code).toBe(0);
  });
});
