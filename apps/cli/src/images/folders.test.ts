// Folders as people have them, through whole commands: splits, classes, and what is told of them.
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writePngs, writeRecipes, type tinyRecipes } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let recipe: (name: keyof typeof tinyRecipes) => string;
const at = (...names: string[]) => join(folder.path, ...names);

beforeAll(async () => {
  folder = await makeFolder();
  recipe = await writeRecipes(at("recipes"));
  await writePngs(at("photos", "train"), ["cat", "dog"], 4);
  await writePngs(at("photos", "valid"), ["cat", "dog"], 2);
  await writePngs(at("photos", "Test"), ["cat", "dog"], 1);
});
afterAll(() => folder.remove());

const train = (data: string, out: string, ...flags: string[]) =>
  cli(["train-tokenizer", "--recipe", recipe("tokenizer"), "--data", data, "--out", at(out), "--json", ...flags]);

describe("splits", () => {
  it("are trained on and measured apart, and classes are named", async () => {
    const run = await train(at("photos"), "run");
    expect(run.code).toBe(0);
    expect(run.stderr).toContain(`images: 8 of ${at("photos")} (folder, train), 2 classes (cat, dog)\n`);
    for (const [split, images] of [
      ["auto", 2],
      ["train", 8],
      ["val", 4],
      ["test", 2],
    ] as const) {
      const scores = await cli(["evaluate", at("run"), "--data", at("photos"), "--split", split, "--json"]);
      expect(scores.events.at(-1)).toMatchObject({ split: split === "auto" ? "test" : split, images });
    }
    const verified = await cli(["data", "verify", at("photos"), "--json"]);
    expect(verified.events.filter(({ event }) => event === "split")).toMatchObject([
      { split: "train", images: 8, classes: ["cat", "dog"] },
      { split: "val", images: 4 },
      { split: "test", images: 2 },
    ]);
  });

  it("stop a run beside a folder that is none, unless all are classes", async () => {
    await cp(at("photos"), at("more"), { recursive: true });
    await writePngs(at("more", "unlabeled"), ["x"], 2);
    const refused = await train(at("more"), "more-run");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/got the folders "unlabeled" too/)]);
    const run = await train(at("more"), "more-run", "--classes-are-folders");
    expect(run.code).toBe(0);
    expect(run.stderr).toContain("16 of");
    expect(run.stderr).toContain("4 classes (Test, train, unlabeled, valid)");
  });

  it("are one collection for commands that only look", async () => {
    const tokens = async (path: string) =>
      (await cli(["tokenize", "--tokenizer", at("run"), "--data", path, "--json"])).events.filter(
        ({ event }) => event === "tokens",
      );
    expect(await tokens(at("photos"))).toHaveLength(14);
    expect(await tokens(at("more"))).toHaveLength(16);
  });
});

describe("names", () => {
  const namesOf = async (...images: string[]): Promise<string[]> => {
    const out = at("tokens.json");
    const run = await cli(["tokenize", "--tokenizer", at("run"), "--data", ...images, "--out", out, "--force"]);
    expect(run.code).toBe(0);
    const { images: found } = JSON.parse(await readFile(out, "utf8")) as { images: { name: string }[] };
    return found.map(({ name }) => name);
  };

  it("are paths below the folder that was typed, one for each image", async () => {
    const found = await namesOf(at("photos"));
    expect(new Set(found).size).toBe(14);
    expect(found).toContain("train/cat/0.png");
    expect(found).toContain("valid/cat/0.png");
    expect(found).toContain("Test/cat/0.png");
    expect(await namesOf(at("photos", "Test"))).toEqual(["cat/0.png", "dog/0.png"]);
  });

  it("begin with what was typed where it was more than one path", async () => {
    const [a, b, file] = [at("photos", "Test"), at("photos", "valid"), at("photos", "train", "cat", "0.png")];
    const found = await namesOf(a, b, file);
    expect(new Set(found).size).toBe(7);
    expect(found.slice(0, 2)).toEqual([join(a, "cat/0.png"), join(a, "dog/0.png")]);
    expect(found.at(-1)).toBe(file);
  });

  it("name the pictures of reconstructions apart", async () => {
    const flags = ["--tokenizer", at("run"), "--images", at("photos"), "--out", at("pictures")];
    expect((await cli(["reconstruct", ...flags])).code).toBe(0);
    expect(await readdir(at("pictures"))).toContain("valid-cat-0.png");
    expect(await readdir(at("pictures"))).toHaveLength(14);
  });
});

describe("what is no image, or of no class,", () => {
  it("is counted and named, and folders that cannot be listed are set aside", async () => {
    await writePngs(at("odd"), ["cat", "dog"], 2);
    await writePngs(at("odd", "lost+found"), ["x"], 1);
    await cp(at("odd", "cat", "0.png"), at("odd", "cat", "noending"));
    await writeFile(at("odd", "cat", "notes.txt"), "text");
    await writeFile(at("odd", "cat", "thing.dat"), "text");
    const run = await cli(["data", "verify", at("odd"), "--json"]);
    expect(run.stderr).toContain("train: 5 images (folder, 2 classes (cat, dog)), 0 cannot be read");
    expect(run.stderr).toContain(`left out: the folder lost+found of ${at("odd")}: belongs to the file system`);
    expect(run.stderr).toMatch(/left out: 2 files of .*odd that are no images \(.*cat\/thing\.dat: text/);
    expect(run.events.find(({ event }) => event === "left-out")).toMatchObject({ files: 2 });
  });

  it("is named where it lies beside class folders or splits", async () => {
    await writePngs(at("stray"), ["cat", "dog"], 4);
    await cp(at("stray", "cat", "0.png"), at("stray", "sample.png"));
    const why = "sample.png lies beside the folders cat, dog";
    expect((await train(at("stray"), "stray-run")).stderr).toContain(`no labels: ${why}`);
    const flags = ["--recipe", recipe("fineTune"), "--data", at("stray"), "--out", at("no-run"), "--scratch"];
    const refused = await cli(["finetune", ...flags]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(why)]);
    await cp(at("stray", "cat", "0.png"), at("photos", "sample.png"));
    const verified = await cli(["data", "verify", at("photos")]);
    expect(verified.stderr).toContain("sample.png: lies beside the splits");
  });
});

it("files of 16 bits that use 12 are told, and read by --bits", async () => {
  await mkdir(at("deep"), { recursive: true });
  const [from, to] = [Array.from({ length: 8 }, (_, i) => at("deep", `${i}.png`)), at("twelve")];
  const values = Uint16Array.from({ length: 64 }, (_, i) => i * 65);
  const deep = sharp(values, { raw: { width: 8, height: 8, channels: 1 } }).toColourspace("grey16");
  for (const path of from) await deep.clone().png().toFile(path);
  await mkdir(to, { recursive: true });
  const shallow = sharp(
    Uint8Array.from(values, (value) => value >> 4),
    { raw: { width: 8, height: 8, channels: 1 } },
  );
  await shallow.png().toFile(join(to, "0.png"));
  const refused = await train(at("deep"), "deep-run");
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/go up to 4095 only.*--bits: likely 12/)]);
  expect((await train(at("deep"), "deep-run", "--bits", "12")).code).toBe(0);
  expect((await train(at("deep"), "deep-run", "--bits", "16")).stderr).toContain("is of another run");
  expect((await train(at("deep"), "deep-run", "--bits", "17")).stderr).toContain("a whole number from 8 to 16");
  const tokens = async (...flags: string[]) => {
    const run = await cli(["tokenize", "--tokenizer", at("run"), "--json", "--data", ...flags]);
    return run.events.flatMap(({ event, tokens: found }) => (event === "tokens" ? [found] : []));
  };
  const [expected] = await tokens(to);
  expect(await tokens(at("deep"), "--bits", "12")).toEqual(Array.from({ length: 8 }, () => expected));
});

it("color profiles are ignored, or applied by --color-profile, and a run keeps to its choice", async () => {
  const [profiled, stored] = [at("profiled"), at("stored")];
  for (const folder of [profiled, stored]) await mkdir(folder, { recursive: true });
  const values = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) % 256);
  const raw = sharp(values, { raw: { width: 8, height: 8, channels: 3 } });
  for (let i = 0; i < 8; i++) {
    const bytes = await raw.clone().withIccProfile("p3").png().toBuffer();
    await writeFile(join(profiled, `${i}.png`), bytes);
    await sharp(bytes, { ignoreIcc: true })
      .png()
      .toFile(join(stored, `${i}.png`));
  }
  const weights = async (folder: string, out: string, ...flags: string[]): Promise<string> => {
    const run = await train(folder, out, ...flags);
    expect([run.code, run.stderr]).toEqual([0, expect.any(String)]);
    const [step] = (await readdir(at(out, "checkpoints"))).sort().slice(-1);
    return (await readFile(at(out, "checkpoints", step, "model.safetensors"))).toString("base64");
  };
  const plain = await weights(stored, "stored-run");
  expect((await weights(profiled, "profiled-run")) === plain).toBe(true);
  expect((await weights(profiled, "applied-run", "--color-profile", "apply")) === plain).toBe(false);
  expect((await train(profiled, "applied-run", "--color-profile", "ignore")).stderr).toContain("is of another run");
});
