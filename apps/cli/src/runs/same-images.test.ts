// Runs that go on with the images they were trained on, and with others: which changes are found, named, refused and accepted.
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listCheckpoints } from "@beitjs/trainers/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writePngs, writeRecipes, type CliRun } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
const at = (...names: string[]) => join(folder.path, ...names);

beforeAll(async () => {
  folder = await makeFolder();
  recipe = await writeRecipes(at("recipes"));
  await writePngs(at("photos"), ["cat", "dog"], 8);
  const stopped = await train("photos", "run");
  expect(stopped.code).toBe(130);
});
afterAll(() => folder.remove());

// Ends after its first step, unless it is to go on to the end.
async function train(data: string, out: string, ...flags: string[]): Promise<CliRun> {
  const argv = ["train-tokenizer", "--recipe", recipe("tokenizer"), "--data", at(data), "--out", at(out), "--json"];
  return cli([...argv, ...flags], {
    onLine: (line, signal) => line.includes('"step":1,"totalSteps"') && signal("SIGINT"),
  });
}

/** The run and its images once more, under names of their own. */
async function copyOf(name: string): Promise<{ data: string; run: string; resume: (...flags: string[]) => Promise<CliRun> }> {
  const [data, run] = [`${name}-photos`, `${name}-run`];
  await cp(at("photos"), at(data), { recursive: true });
  await cp(at("run"), at(run), { recursive: true });
  return { data, run, resume: (...flags) => train(data, run, ...flags) };
}

const goesOn = { code: 0, stderr: expect.stringContaining("going on at step 1") as string };
const refused = (reason: RegExp) => ({ code: 2, stderr: expect.stringMatching(reason) as string });

describe("a run goes on", () => {
  it("with the same images, wherever they lie now, to the same weights", async () => {
    const { run, resume } = await copyOf("same");
    expect(await resume()).toMatchObject(goesOn);
    const whole = await cli(["train-tokenizer", "--recipe", recipe("tokenizer"), "--data", at("photos"), "--out", at("w")]);
    expect(whole.code).toBe(0);
    const weights = async (name: string) => readFile(join((await listCheckpoints(at(name)))[0].path, "model.safetensors"));
    expect(await weights(run)).toEqual(await weights("w"));
  });

  it("with images that were touched or copied over by themselves", async () => {
    const { data, resume } = await copyOf("touched");
    await utimes(at(data, "cat", "0.png"), 1, 1);
    expect(await resume()).toMatchObject(goesOn);
  });

  it("and says in checkpoint and summary which images they are", async () => {
    const { run, resume } = await copyOf("told");
    await resume();
    const { data } = JSON.parse(await readFile(at(run, "summary.json"), "utf8")) as { data: { digest: string } };
    const list = await readFile(at(run, `images-${data.digest.slice(0, 12)}.jsonl`));
    expect(createHash("sha256").update(list).digest("hex")).toBe(data.digest);
    const sha256 = createHash("sha256")
      .update(await readFile(at("photos", "cat", "0.png")))
      .digest("hex");
    expect(list.toString().split("\n")[1]).toBe(JSON.stringify(["cat/0.png", 0, sha256]));
  });
});

describe("other images are named and refused", () => {
  it("overwritten under the same name, size and time", async () => {
    const { data, resume } = await copyOf("overwritten");
    const path = at(data, "dog", "3.png");
    const [bytes, { atime, mtime }] = [await readFile(path), await stat(path)];
    const other = await readFile(at(data, "dog", "4.png"));
    await writeFile(path, other);
    await utimes(path, atime, mtime);
    expect(bytes.equals(other)).toBe(false);
    const run = await resume();
    expect(run).toMatchObject(refused(/not those that .*step-000001 was trained on: 1 overwritten: dog\/3\.png; take those/));
    expect(run.stderr).toContain("--accept-changed-data");
    expect(run.events.find(({ event }) => event === "changed-images")).toMatchObject({
      accepted: false,
      changes: { overwritten: ["dog/3.png"], exchanged: [], renamed: [], added: [], removed: [] },
    });
  });

  it("exchanged, within a class or between two", async () => {
    const { data, resume } = await copyOf("exchanged");
    await swap(at(data, "cat", "0.png"), at(data, "dog", "1.png"));
    expect(await resume()).toMatchObject(refused(/2 exchanged with one another: cat\/0\.png and 1 more/));
  });

  it("renamed, removed and added", async () => {
    const { data, resume } = await copyOf("renamed");
    await rename(at(data, "cat", "1.png"), at(data, "cat", "x.png"));
    expect(await resume()).toMatchObject(refused(/1 renamed: cat\/1\.png is now cat\/x\.png;/));
    await rm(at(data, "cat", "2.png"));
    expect(await resume()).toMatchObject(refused(/1 renamed: .*; 1 missing: cat\/2\.png;/));
    await writePngs(at(data), ["cow"], 1);
    expect(await resume()).toMatchObject(refused(/1 new: cow\/0\.png; 2 classes called otherwise: 1 was "dog" and is "cow"/));
  });

  it("of a class that is called otherwise", async () => {
    const { data, resume } = await copyOf("class");
    await rename(at(data, "dog"), at(data, "hound"));
    expect(await resume()).toMatchObject(
      refused(/8 renamed: dog\/0\.png is now hound\/0\.png and 7 more; 1 class called otherwise: 1 was "dog" and is "hound"/),
    );
  });

  it("set aside now, as they became unreadable", async () => {
    const { data, resume } = await copyOf("damaged");
    await writeFile(at(data, "cat", "5.png"), "no image");
    expect(await resume("--skip-bad")).toMatchObject(refused(/1 missing: cat\/5\.png/));
  });

  it("in files that hold many: labels and pixels", async () => {
    await writeIdx(at("idx"), 16);
    expect((await train("idx", "idx-run")).code).toBe(130);
    const labels = at("idx", "train-labels-idx1-ubyte");
    const pixels = at("idx", "train-images-idx3-ubyte");
    const [were, saw] = [await readFile(labels), await readFile(pixels)];
    const change = async (path: string, bytes: Buffer, place: number) => {
      const others = Buffer.from(bytes);
      others[place] = 1 - Math.min(1, bytes[place]);
      await writeFile(path, others);
    };
    await change(labels, were, 8 + 3);
    expect(await train("idx", "idx-run")).toMatchObject(refused(/1 in another class: train-images-idx3-ubyte#3/));
    await writeFile(labels, were);
    await change(pixels, saw, 16 + 64 * 5);
    expect(await train("idx", "idx-run")).toMatchObject(refused(/1 overwritten: train-images-idx3-ubyte#5/));
    await writeFile(pixels, saw);
    await mkdir(at("elsewhere"));
    await rename(at("idx"), at("elsewhere", "idx"));
    expect(await train("elsewhere/idx", "idx-run")).toMatchObject(goesOn);
  });

  it("without names where the run's list is gone or damaged", async () => {
    const { data, run, resume } = await copyOf("listless");
    const [name] = (await readdir(at(run))).filter((one) => one.startsWith("images-"));
    await writeFile(at(run, name), `${await readFile(at(run, name), "utf8")}["x",0,null]\n`);
    await rename(at(data, "cat", "1.png"), at(data, "cat", "x.png"));
    expect(await resume()).toMatchObject(refused(/cannot be told, as images-[0-9a-f]{12}\.jsonl is missing in its folder/));
    await rename(at(data, "cat", "x.png"), at(data, "cat", "1.png"));
    expect(await resume()).toMatchObject(goesOn);
  });

  it("also where the checkpoint is of another folder", async () => {
    const { data, run } = await copyOf("abroad");
    await rename(at(data, "cat", "1.png"), at(data, "cat", "x.png"));
    expect(await train(data, "abroad-2", "--resume", at(run))).toMatchObject(refused(/1 renamed: cat\/1\.png/));
  });
});

describe("--accept-changed-data", () => {
  it("goes on with the images at hand, which are the run's from then on", async () => {
    const { data, run, resume } = await copyOf("accepted");
    await swap(at(data, "cat", "0.png"), at(data, "dog", "1.png"));
    const accepted = await resume("--accept-changed-data");
    expect(accepted).toMatchObject(goesOn);
    expect(accepted.stderr).toMatch(/warning: going on with other images than before, as told: 2 exchanged/);
    const again = await resume();
    expect([again.code, again.stderr]).toEqual([0, expect.not.stringMatching(/exchanged|warning/)]);
    expect((await readdir(at(run))).filter((name) => name.startsWith("images-"))).toHaveLength(2);
    await swap(at(data, "cat", "0.png"), at(data, "dog", "1.png"));
    expect((await resume()).code).toBe(2);
  });

  it("takes more images too, but no other number of classes for a classifier", async () => {
    const argv = (...flags: string[]) => [
      ...["finetune", "--scratch", "--recipe", recipe("fineTune"), "--data", at("head"), "--out", at("head-run")],
      ...["--json", ...flags],
    ];
    await cp(at("photos"), at("head"), { recursive: true });
    const onLine = (line: string, signal: (name: "SIGINT") => void) =>
      line.includes('"step":1,"totalSteps"') && signal("SIGINT");
    expect((await cli(argv(), { onLine: (line, signal) => void onLine(line, signal) })).code).toBe(130);
    await writePngs(at("head"), ["cat"], 16);
    expect(await cli(argv("--accept-changed-data"))).toMatchObject(goesOn);
    await writePngs(at("head"), ["cow"], 8);
    expect(await cli(argv("--accept-changed-data"))).toMatchObject(
      refused(/classifier has 2 classes, the images have 3; take another --out/),
    );
  });
});

describe("a run of before there were lists", () => {
  async function forget(run: string): Promise<void> {
    const [{ path }] = await listCheckpoints(at(run));
    const manifest = JSON.parse(await readFile(join(path, "manifest.json"), "utf8")) as {
      run: { identity: { data: { digest?: string } } };
    };
    delete manifest.run.identity.data.digest;
    const text = JSON.stringify(manifest);
    await writeFile(join(path, "manifest.json"), text);
    await writeFile(join(path, "manifest.sha256"), `${createHash("sha256").update(text).digest("hex")}\n`);
  }

  it("goes on as their number is the same, which is said once", async () => {
    const { data, run, resume } = await copyOf("old");
    await forget(run);
    await swap(at(data, "cat", "0.png"), at(data, "dog", "1.png"));
    const first = await resume();
    expect(first).toMatchObject(goesOn);
    expect(first.stderr).toMatch(/warning: .* was saved before runs remembered their images/);
    const second = await resume();
    expect([second.code, second.stderr]).toEqual([0, expect.not.stringContaining("remembered")]);
    await swap(at(data, "cat", "0.png"), at(data, "dog", "1.png"));
    expect((await resume()).code).toBe(2);
  });

  it("is refused where their number is another, unless that is accepted", async () => {
    const { data, run, resume } = await copyOf("older");
    await forget(run);
    await rm(at(data, "cat", "0.png"));
    expect(await resume()).toMatchObject(refused(/is of another run: data\.images is 15 here and 16 there/));
    expect(await resume("--accept-changed-data")).toMatchObject(goesOn);
  });
});

describe("with --no-verify", () => {
  it("a run goes on by names alone, which it says, and what it knew of its images stays", async () => {
    const { data, run, resume } = await copyOf("brave");
    const resumed = await resume("--no-verify");
    expect(resumed).toMatchObject(goesOn);
    expect(resumed.stderr).toContain("16 of 16 images were compared by name only");
    expect((await readdir(at(run))).filter((name) => name.startsWith("images-"))).toHaveLength(1);
    await swap(at(data, "cat", "0.png"), at(data, "dog", "1.png"));
    expect((await resume()).code).toBe(2);
  });

  it("a run that was begun so is told its images by one that reads them", async () => {
    await cp(at("photos"), at("unread"), { recursive: true });
    expect((await train("unread", "unread-run", "--no-verify")).code).toBe(130);
    expect(await train("unread", "unread-run")).toMatchObject(goesOn);
    await swap(at("unread", "cat", "0.png"), at("unread", "dog", "1.png"));
    expect((await train("unread", "unread-run")).code).toBe(2);
  });
});

async function swap(a: string, b: string): Promise<void> {
  await rename(a, `${a}.aside`);
  await rename(b, a);
  await rename(`${a}.aside`, b);
}
