// Images that are read once for all commands: what the second one knows, what it says, and what it is told not to ask.
import { mkdir, readdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  cli as runCli,
  makeFolder,
  writeIdx,
  writePngs,
  writeRecipes,
  type RunCliOptions,
} from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let recipe: string;
const at = (...names: string[]) => join(folder.path, ...names);
const later = (): number => Date.now() + 60_000;
const cli = (argv: readonly string[], options: RunCliOptions = {}) => runCli(argv, { now: later, ...options });

beforeAll(async () => {
  folder = await makeFolder();
  recipe = (await writeRecipes(at("recipes")))("tokenizer");
});
afterAll(() => folder.remove());

const train = (data: string, out: string, ...flags: string[]) =>
  cli(["train-tokenizer", "--recipe", recipe, "--data", at(data), "--out", at(out), "--json", ...flags]);
const readOf = ({ events }: Awaited<ReturnType<typeof cli>>) => events.filter(({ event }) => event === "read");

describe("a second command", () => {
  it("reads no image that the first has read, whatever the commands", async () => {
    await writePngs(at("photos", "train"), ["cat", "dog"], 4);
    await writePngs(at("photos", "test"), ["cat", "dog"], 1);
    const verified = await cli(["data", "verify", at("photos"), "--json"]);
    expect(readOf(verified)).toMatchObject([
      { images: 8, read: 8, known: 0, index: at("photos", "train", ".beit-index.jsonl") },
      { images: 2, read: 2, known: 0 },
    ]);
    const trained = await train("photos", "run");
    expect(readOf(trained)).toMatchObject([{ read: 0, known: 8 }]);
    expect(trained.stderr).toContain(
      `8 of 8 images are as they were when they were read last (${at("photos", "train", ".beit-index.jsonl")})`,
    );
    expect(trained.stderr).not.toContain("reading images");
    expect(readOf(await train("photos/train", "run"))).toMatchObject([{ read: 0, known: 8 }]);
    const evaluated = await cli(["evaluate", at("run"), "--data", at("photos"), "--json"]);
    expect(readOf(evaluated)).toMatchObject([{ images: 2, read: 0 }]);
    await writePngs(at("photos", "train"), ["cow"], 1);
    expect(readOf(await train("photos", "other"))).toMatchObject([{ read: 1, known: 8 }]);
  });

  it("names the same bad images", async () => {
    await writePngs(at("bad"), ["cat", "dog"], 5);
    await truncate(at("bad", "dog", "2.png"), 60);
    const [first, second] = [await train("bad", "bad-run"), await train("bad", "bad-run")];
    expect([first.code, second.code]).toEqual([1, 1]);
    const problems = (run: typeof first) => run.events.filter(({ event }) => event === "bad-images");
    expect(problems(second)).toEqual(problems(first));
    expect(readOf(second)).toMatchObject([{ read: 0 }]);
    const skipped = await train("bad", "bad-run", "--skip-bad");
    expect(skipped.stderr).toContain("images: 9 of");
    expect(skipped.stderr).toContain("1 set aside");
    expect(readOf(skipped)).toMatchObject([{ read: 0 }]);
  });

  it("reads all again where colors are read otherwise, or the index is damaged, which it says", async () => {
    await writePngs(at("again"), ["cat", "dog"], 4);
    await train("again", "again-run");
    expect(readOf(await train("again", "again-2", "--color-profile", "apply"))).toMatchObject([{ read: 8 }]);
    await truncate(at("again", ".beit-index.jsonl"), 300);
    const damaged = await train("again", "again-run");
    expect(readOf(damaged)).toMatchObject([{ read: 8 }]);
    expect(damaged.stderr).toContain(
      `warning: the index ${at("again", ".beit-index.jsonl")} is damaged (it is cut off)`,
    );
    expect(readOf(await train("again", "again-run"))).toMatchObject([{ read: 0 }]);
  });

  it("finds what was read of images beside which nothing can be written in the cache folder", async () => {
    await writePngs(at("closed"), ["cat", "dog"], 4);
    await mkdir(at("closed", ".beit-index.jsonl")); // nothing can be renamed to that
    const env = { XDG_CACHE_HOME: at("cache") };
    const verify = () => cli(["data", "verify", at("closed"), "--quick", "--json"], { env });
    expect(readOf(await verify())).toMatchObject([{ read: 8, index: expect.stringContaining(at("cache")) as string }]);
    expect(readOf(await verify())).toMatchObject([{ read: 0 }]);
    expect(await readdir(at("cache", "beitjs", "images"))).toHaveLength(1);
  });

  it("is told nothing of images that lie in one file: they are read each time", async () => {
    await writeIdx(at("idx"));
    const run = await train("idx", "idx-run");
    expect([run.code, readOf(run)]).toEqual([0, []]);
    expect((await readdir(at("idx"))).filter((name) => name.startsWith("."))).toEqual([]);
  });
});

describe("data verify", () => {
  it("reads all again, unless it is to be quick, and names files that changed without being written", async () => {
    await writePngs(at("verify"), ["cat", "dog"], 2);
    const verify = (...flags: string[]) => cli(["data", "verify", at("verify"), "--json", ...flags]);
    await verify();
    expect(readOf(await verify("--quick"))).toMatchObject([{ read: 0, known: 4 }]);
    const good = await verify();
    expect(readOf(good)).toMatchObject([{ read: 4, known: 0 }]);
    expect(good.events.map(({ event }) => event)).not.toContain("changed-silently");
  });
});

describe("--no-verify", () => {
  it("reads nothing before the start; a bad image ends the run when its turn comes", async () => {
    await writePngs(at("brave"), ["cat", "dog"], 4);
    const run = await train("brave", "brave-run", "--no-verify");
    expect(run.code).toBe(0);
    expect(readOf(run)).toMatchObject([{ read: 0, known: 0, unknown: 8, index: null }]);
    expect(run.stderr).toContain("8 of 8 images were not read: a bad one ends the run when its turn comes");
    expect(await readdir(at("brave"))).toEqual(["cat", "dog"]);
    await truncate(at("brave", "cat", "1.png"), 60);
    const stopped = await train("brave", "brave-2", "--no-verify");
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toMatch(/brave\/cat\/1\.png: damaged PNG/);
    expect(stopped.events.map(({ event }) => event)).toContain("backend");
  });

  it("still knows what was read before", async () => {
    await cli(["data", "verify", at("brave"), "--skip-bad"]);
    const run = await train("brave", "brave-3", "--no-verify", "--skip-bad");
    expect(run.stderr).toContain("images: 7 of");
    const refused = await train("brave", "brave-4", "--no-verify");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/1 of 8 images .* cannot be read/)]);
  });
});
